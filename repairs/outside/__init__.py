"""Outside work (外修): the job given to a contractor, from the reason to the last payment."""
