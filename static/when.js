// Fields that only some answers need: <div data-when="kind:points,value"> is shown while the field `kind` says one of them.
// Without this script all fields are in view, and the server empties what the answer does not use.
"use strict";

for (const form of document.querySelectorAll("form")) {
  const parts = form.querySelectorAll("[data-when]");
  if (!parts.length) continue;
  const settle = () => {
    for (const part of parts) {
      const [name, values] = part.dataset.when.split(":");
      const field = form.elements[name];
      if (field) part.hidden = !values.split(",").includes(field.value);
    }
  };
  form.addEventListener("change", settle);
  settle();
}
