/* What script adds to pages that work without it: printing, one submit a click, photo previews, the kinds of a tile,
   the count in the bulk bar, and a draft of the report form. No framework; runs from Chromium 86 on. */
(function () {
  "use strict";

  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));

  /* ---------- print: without script a data-print link leads to the print page ---------- */
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-print]");
    if (button) {
      event.preventDefault();
      window.print();
    }
  });
  all("button[data-print][hidden]").forEach((button) => { button.hidden = false; });

  /* ---------- one submit a click ---------- */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") { return; }
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    // After the browser has collected the form: a disabled button would not send its own name and value.
    window.setTimeout(() => {
      const outside = form.id ? all('button[form="' + CSS.escape(form.id) + '"]') : [];
      all("button, input[type=submit]", form).concat(outside).forEach((button) => {
        if (button.type === "submit" && !button.disabled) {
          button.disabled = true;
          button.dataset.waits = "1";
        }
      });
    }, 0);
  });

  function release() {
    all("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
    all("[data-waits]").forEach((button) => {
      button.disabled = false;
      delete button.dataset.waits;
    });
  }
  window.addEventListener("pageshow", release);
  // A download leaves the page standing: free its buttons again.
  window.addEventListener("focus", () => window.setTimeout(release, 3000));

  /* ---------- errors take the focus ---------- */
  const refusal = document.querySelector(".note[role=alert][tabindex]");
  if (refusal) { refusal.focus(); }

  /* ---------- photos: thumbnails beside the button; a second shot is added to the first ---------- */
  all(".photo-add input[type=file]").forEach((input) => {
    const most = Number(input.dataset.max) || (input.multiple ? 4 : 1);
    const box = input.closest(".photo-add");
    const shown = document.createElement("span");
    shown.className = "photo-shown";
    box.parentNode.insertBefore(shown, box);
    const words = document.createElement("span");
    words.className = "visually-hidden";
    words.setAttribute("role", "status");
    box.parentNode.insertBefore(words, box);
    let kept = [];

    function show(note) {
      all("img", shown).forEach((image) => URL.revokeObjectURL(image.src));
      shown.textContent = "";
      kept.forEach((file, index) => {
        const image = document.createElement("img");
        image.className = "thumb";
        image.alt = "已选照片 " + (index + 1);
        image.src = URL.createObjectURL(file);
        const drop = document.createElement("button");
        drop.type = "button";
        drop.className = "photo-drop";
        drop.setAttribute("aria-label", "去掉照片 " + (index + 1));
        drop.textContent = "×";
        drop.addEventListener("click", () => {
          kept.splice(index, 1);
          put();
          show("");
          input.focus();
        });
        const frame = document.createElement("span");
        frame.className = "photo-one";
        frame.append(image, drop);
        shown.append(frame);
      });
      words.textContent = note || (kept.length ? "已选 " + kept.length + " 张照片" : "");
      words.classList.toggle("visually-hidden", !note);
    }

    function put() {
      const data = new DataTransfer();
      kept.forEach((file) => data.items.add(file));
      input.files = data.files;
    }

    input.addEventListener("change", () => {
      const chosen = Array.from(input.files);
      // The picker, closed without choosing, empties the field: what was there before stays.
      const merged = input.multiple ? kept.concat(chosen) : (chosen.length ? chosen : kept);
      kept = merged.slice(0, most);
      put();
      show(merged.length > most ? "最多 " + most + " 张，只留了前 " + most + " 张。" : "");
    });
  });

  /* ---------- report: a tile shows its kinds ---------- */
  function kinds() {
    const chosen = document.querySelector("input[name=tile]:checked");
    all("fieldset[data-kinds-of]").forEach((set) => {
      const mine = Boolean(chosen) && set.dataset.kindsOf === chosen.value;
      set.hidden = !mine;
      set.disabled = !mine;
      if (!mine) { all("input[type=radio]", set).forEach((radio) => { radio.checked = false; }); }
    });
  }
  if (document.querySelector("fieldset[data-kinds-of]")) {
    document.addEventListener("change", (event) => {
      if (event.target.name === "tile") { kinds(); }
    });
    kinds();
    // Coming back to the page, the browser ticks the tile again without a word to the script.
    window.addEventListener("pageshow", kinds);
  }

  /* ---------- bulk bar: how many are picked ---------- */
  function pickAll(head) {
    if (!head) { return null; }
    const box = document.createElement("input");
    box.type = "checkbox";
    box.className = "form-check-input m-0";
    box.setAttribute("aria-label", "全选这一页");
    const label = document.createElement("label");
    label.append(box);
    head.textContent = "";
    head.classList.add("pick");
    head.append(label);
    return box;
  }

  all("form").forEach((form) => {
    const bar = form.querySelector(".bulkbar");
    const boxes = all("tbody .pick input[type=checkbox]", form);
    if (!bar || !boxes.length) { return; }
    const output = bar.querySelector("output");
    const measure = bar.dataset.measure || "张";
    const title = output ? output.textContent : "";
    const every = form.querySelector("input[data-pick-all]") || pickAll(form.querySelector("thead th"));
    const buttons = all("button[type=submit], button:not([type])", bar);
    const hint = document.createElement("span");
    hint.className = "visually-hidden";
    hint.id = "pick-first";
    hint.textContent = "先在下面勾选。";
    bar.append(hint);

    function count() {
      const picked = boxes.filter((box) => box.checked);
      boxes.forEach((box) => box.closest("tr").classList.toggle("is-picked", box.checked));
      if (output) { output.textContent = picked.length ? "已选 " + picked.length + " " + measure : title; }
      buttons.forEach((button) => {
        button.disabled = !picked.length;
        if (picked.length) {
          button.removeAttribute("aria-describedby");
        } else {
          button.setAttribute("aria-describedby", hint.id);
        }
      });
      if (every) {
        every.checked = picked.length === boxes.length;
        every.indeterminate = picked.length > 0 && picked.length < boxes.length;
      }
    }
    form.addEventListener("change", (event) => {
      if (event.target === every) { boxes.forEach((box) => { box.checked = every.checked; }); }
      count();
    });
    window.addEventListener("pageshow", count);
    count();
  });

  /* ---------- the second step of a bulk action: the button counts what is still ticked ---------- */
  all("button[data-count]").forEach((button) => {
    button.form.addEventListener("change", () => {
      const picked = all("input[name=pick]:checked", button.form).length;
      button.textContent = button.dataset.count.replace("#", picked);
      button.disabled = !picked;
    });
  });

  /* ---------- drafts: what was typed into a form with data-draft survives a lost signal or session ---------- */
  const DAY = 24 * 3600 * 1000;
  function stored(action) {
    try { return action(window.localStorage); } catch (error) { return null; }  // private windows refuse storage
  }
  function key(form) { return "draft:" + form.dataset.draft; }
  function fields(form) {
    return all("input, textarea, select", form).filter((field) =>
      field.name && !["hidden", "file", "password", "submit"].includes(field.type));
  }
  function keep(form) {
    const values = {};
    fields(form).forEach((field) => {
      if (field.type === "radio" || field.type === "checkbox") {
        if (field.checked) { values[field.name] = (values[field.name] || []).concat(field.value); }
      } else if (field.value) {
        values[field.name] = [field.value];
      }
    });
    stored((storage) => storage.setItem(key(form), JSON.stringify({ at: Date.now(), values: values })));
  }
  function restore(form) {
    const draft = stored((storage) => JSON.parse(storage.getItem(key(form))));
    if (!draft || Date.now() - draft.at > DAY) { return; }
    let filled = false;
    // Tiles first: their change opens the kinds that are chosen next.
    fields(form).sort((a, b) => (b.name === "tile") - (a.name === "tile")).forEach((field) => {
      const values = draft.values[field.name];
      if (!values) { return; }
      if (field.type === "radio" || field.type === "checkbox") {
        if (values.includes(field.value) && !field.checked) {
          field.checked = true;
          field.dispatchEvent(new Event("change", { bubbles: true }));
          filled = true;
        }
      } else if (!field.value) {
        field.value = values[0];
        filled = true;
      }
    });
    if (filled) {
      const note = document.createElement("p");
      note.className = "small quiet";
      note.setAttribute("role", "status");
      note.textContent = "上次没有提交的内容已经填回来了。";
      form.insertBefore(note, form.firstChild);
    }
  }
  all("form[data-draft]").forEach((form) => {
    // A form that came back with errors carries the newer words already.
    if (!document.querySelector("[role=alert]")) { restore(form); }
    form.addEventListener("input", () => keep(form));
    form.addEventListener("change", () => keep(form));
  });
  // The page after a success names the draft that is done with.
  all("[data-draft-done]").forEach((mark) => {
    stored((storage) => storage.removeItem("draft:" + mark.dataset.draftDone));
  });
}());
