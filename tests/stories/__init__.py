"""Whole stories in real browsers: what people do from the label on the door to the Excel file."""
