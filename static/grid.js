/* The inspection grid: every cell is saved as it is made. What is not saved yet lies in localStorage under the user and
   the round, and is sent when the signal or the session is back. No service worker: schools serve it over plain http.
   Runs from Chromium 86 on; without it the same page is an ordinary form. */
(function () {
  "use strict";

  const form = document.querySelector("form[data-grid]");
  if (!form) { return; }
  const data = form.dataset;
  const table = form.querySelector("table");
  const rows = Array.from(table.tBodies[0].rows);
  const columns = Array.from(table.tHead.querySelectorAll("th[data-line]")).map((head) => head.dataset);
  const byLine = {};
  columns.forEach((column) => { byLine[column.line] = column; });
  const byTarget = {};
  rows.forEach((row) => { byTarget[row.dataset.t] = row; });
  const output = form.querySelector("output");
  const token = form.querySelector("[name=csrfmiddlewaretoken]");
  const key = "grid:" + data.user + ":" + data.round;
  const narrow = window.matchMedia("(max-width: 767.98px)");
  const SOON = 1500, LATER = 4000, FIRST = 2000, LONGEST = 60000, PATIENCE = 20000, BATCH = 60;
  let pending = {};       // "target:line", "target:r" (reason), "target:m" (mark) -> entry
  let sending = false, timer = 0, wait = FIRST, login = "", trouble = "", next = false, asked = 0, touched = false;
  form.classList.remove("grid-plain");

  /* ---------- what is kept ---------- */
  let storing = true;   // private windows and full disks keep nothing: then the page itself remembers
  function load() {
    if (!storing) { return; }
    try {
      const found = JSON.parse(window.localStorage.getItem(key));
      pending = found && found.cells ? found.cells : {};
    } catch (error) { storing = false; }
  }
  function keep() {
    try {
      if (Object.keys(pending).length) {
        window.localStorage.setItem(key, JSON.stringify({ name: data.name, cells: pending }));
      } else {
        window.localStorage.removeItem(key);
      }
      storing = true;
    } catch (error) { storing = false; }
  }
  function newId() {
    const bytes = new Uint8Array(12);
    window.crypto.getRandomValues(bytes);
    return Date.now().toString(36) + "-" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  function others() {
    const box = document.getElementById("grid-others");
    const found = [];
    try {
      for (let index = 0; index < window.localStorage.length; index += 1) {
        const name = window.localStorage.key(index);
        if (name.startsWith("grid:") && name.endsWith(":" + data.round) && name !== key) {
          const kept = JSON.parse(window.localStorage.getItem(name));
          found.push((kept.name || "另一位") + "记的 " + Object.keys(kept.cells).length + " 格");
        }
      }
    } catch (error) { return; }
    if (!found.length) { return; }
    const note = document.createElement("div");
    note.className = "note note-warn";
    note.setAttribute("role", "status");
    const words = document.createElement("p");
    words.textContent = "这台设备上还有" + found.join("、") + "没有存上。不会用您的名字保存：请记的人登录后打开这一页，会自动补存。";
    note.append(words);
    box.append(note);
  }

  /* ---------- cells and rows ---------- */
  const inputs = (row) => Array.from(row.querySelectorAll("input[name^=c]"));
  const lineOf = (input) => input.name.split("-")[1];
  const inputOf = (row, line) => row.querySelector('input[name="c' + row.dataset.t + "-" + line + '"]');
  const reasonOf = (row) => row.querySelector(".reason input[name^=w]");
  const isTick = (input) => input.type === "checkbox";
  const valueOf = (input) => (isTick(input) ? (input.checked ? "1" : "") : input.value.trim());
  const photoOf = (input) => input.closest("td").querySelector(".photo-cell input");
  const room = (row) => row.querySelector(".room").textContent.trim();

  function plainNumber(text) {
    const plain = text.replace(/[０-９．]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xFEE0)).replace(/[。，,]/g, ".");
    return /^-?\d+(\.\d+)?$/.test(plain) ? plain : null;
  }
  /* What the cell says: failed, and what is wrong with it as typed. */
  function judge(input) {
    const column = byLine[lineOf(input)], text = valueOf(input);
    if (!text || isTick(input)) { return { failed: Boolean(text), value: "" }; }
    const value = plainNumber(text);
    if (value === null) { return { wrong: column.name + "：请填数字。", value: text }; }
    if (column.kind === "value") {
      const low = column.low !== undefined && Number(value) < Number(column.low);
      const high = column.high !== undefined && Number(value) > Number(column.high);
      return { failed: low || high, value: value };
    }
    if (Number(value) < 0 || (column.kind === "count" && value.includes("."))) {
      return { wrong: column.name + "：请填" + (column.kind === "count" ? "坏了几处，整数。" : "扣的分，不能是负数。"), value: value };
    }
    if (column.max !== undefined && Number(value) > Number(column.max)) {
      return { wrong: column.name + "最多扣 " + column.max + " 分，填了 " + value + "。请改成不超过 " + column.max + "。", value: value };
    }
    return { failed: Number(value) > 0, value: Number(value) === 0 ? "" : value };
  }
  function entriesOf(row) {
    const lead = row.dataset.t + ":";
    return Object.keys(pending).filter((name) => name.startsWith(lead)).map((name) => pending[name]);
  }
  function put(row, name, more) {
    touched = true;
    pending[row.dataset.t + ":" + name] = Object.assign({
      t: Number(row.dataset.t), id: newId(), at: Date.now() + Math.random(), room: room(row), page: window.location.pathname + window.location.search,
    }, more);
    login = login === "other" ? login : "";
    keep();
  }

  function edited(input) {
    const row = input.closest("tr"), line = lineOf(input), name = line;
    const found = judge(input), there = pending[row.dataset.t + ":" + name];
    if (!there && valueOf(input) === (input.dataset.s || "")) { paint(row); return; }
    if (there && there.v === found.value && there.f === Boolean(found.failed) && !there.held) { return; }
    put(row, name, {
      l: Number(line), v: found.value, f: Boolean(found.failed), p: input.dataset.c || "", held: found.wrong ? "wrong" : "",
      words: found.wrong || "", text: valueOf(input),
    });
    delete row.dataset.out;
    paint(row);
  }
  function reasoned(row) {
    const input = reasonOf(row);
    if (input.value.trim() === (input.dataset.s || "") && !pending[row.dataset.t + ":r"]) { return; }
    put(row, "r", { l: null, r: input.value.trim() });
    entriesOf(row).forEach((entry) => {
      if (entry.held === "refused" || (entry.held === "reason" && input.value.trim())) { entry.held = entry.words = ""; }
    });
    keep();
    paint(row);
  }
  function known(row) { return inputs(row).map((input) => input.dataset.c).filter(Boolean).join(" "); }
  function mark(row, kind, note) {
    const lead = row.dataset.t + ":";
    if (kind === "excused" && inputs(row).some((input) => judge(input).failed)) {
      say(row, "这一间已经记了问题，不能再记“未查”。先清掉各格。", true);
      return;
    }
    Object.keys(pending).filter((name) => name.startsWith(lead)).forEach((name) => {
      const column = byLine[pending[name].l];
      if (!(column && column.kind === "value" && !pending[name].f && !pending[name].held)) { delete pending[name]; }
    });
    if (kind !== "excused") {
      inputs(row).forEach((input) => {
        if (byLine[lineOf(input)].kind !== "value" || judge(input).failed) {
          input.checked = false;
          if (!isTick(input)) { input.value = ""; }
        }
      });
    }
    reasonOf(row).value = "";
    put(row, "m", { l: null, m: kind, n: note || "", p: known(row) });
    row.dataset.out = kind;
    say(row, "");
    paint(row);
    flush();
  }

  /* ---------- how a row looks ---------- */
  function say(row, words, bad, extra) {
    const box = row.querySelector(".row-words");
    let part = box.querySelector("[data-say]");
    if (!part) {
      part = document.createElement("span");
      part.dataset.say = "";
      box.append(part);
    }
    part.className = bad ? "danger" : "";
    part.textContent = words;
    (extra || []).forEach((node) => part.append(" ", node));
    row.classList.toggle("says", Boolean(words));
  }
  function paint(row) {
    const entries = entriesOf(row), marked = inputs(row), waiting = {};
    let taken = 0, failing = 0, wrong = false, words = "", choice = null;
    entries.forEach((entry) => {
      if (entry.l !== null) { waiting[entry.l] = entry; }
      if (entry.held && entry.words && !words) { words = entry.words; choice = entry.held === "conflict" ? entry : null; }
    });
    marked.forEach((input) => {
      const found = judge(input), entry = waiting[lineOf(input)];
      const held = entry && entry.held && entry.held !== "reason" && entry.held !== "photo";
      input.classList.toggle("unsaved", Boolean(entry) && !held);
      input.classList.toggle("wrong", Boolean(held));
      input.classList.toggle("taken", Boolean(found.failed) && !entry);
      input.closest("td").classList.toggle("bad", Boolean(found.failed));
      if (held) { input.setAttribute("aria-invalid", "true"); } else { input.removeAttribute("aria-invalid"); }
      input.setAttribute("aria-describedby", "e" + row.dataset.t);
      if (found.wrong) { wrong = true; }
      if (found.failed) { failing += 1; }
      if (found.failed && byLine[lineOf(input)].kind === "points") { taken += Number(found.value); }
    });
    const out = row.dataset.out || "";
    const seen = failing || wrong || out === "full" || out === "excused" || (entries.some((entry) => entry.l !== null)) ||
      (out !== "open" && row.dataset.done === "1");
    row.classList.toggle("deducted", Boolean(failing || wrong));
    row.classList.toggle("excused", out === "excused" && !failing);
    row.classList.toggle("unseen", !seen);
    row.classList.toggle("perfect", Boolean(seen && !failing && !wrong && out !== "excused" && !words));
    const sum = row.querySelector(".sum");
    sum.textContent = !seen || wrong ? "—" : out === "excused" && !failing ? "未查" : data.base !== undefined
      ? String(Math.max(0, Math.round((Number(data.base) - taken) * 10) / 10)) : failing ? failing + " 项" : "✓";
    if (entries.length) {
      const unsaved = document.createElement("span");
      unsaved.className = "unsaved-word";
      unsaved.textContent = "未保存";
      sum.append(unsaved);
    }
    const full = row.querySelector("button[name=full]");
    full.textContent = (row.classList.contains("perfect") ? "✓ " : "") + data.fine;
    if (words) {
      say(row, words, true, choice ? choices(row, choice) : []);
    } else if (row.querySelector("[data-say].danger")) {
      say(row, "");
    }
    count();
  }
  function choices(row, entry) {
    return [["用" + (entry.theirs.by || "他") + "的", () => takeTheirs(row, entry)], ["用我的", () => takeMine(row, entry)]].map((pair) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-plain";
      button.textContent = pair[0];
      button.addEventListener("click", pair[1]);
      return button;
    });
  }
  function nameOf(entry) { return entry.t + ":" + (entry.l !== null ? entry.l : entry.m ? "m" : "r"); }
  function takeTheirs(row, entry) {
    load();
    delete pending[nameOf(entry)];
    keep();
    if (entry.l === null) { window.location.reload(); return; }
    const input = inputOf(row, entry.l), theirs = entry.theirs;
    if (isTick(input)) { input.checked = theirs.failed; } else { input.value = theirs.value; }
    if (theirs.reason) { reasonOf(row).value = reasonOf(row).dataset.s = theirs.reason; }
    input.dataset.s = valueOf(input);
    input.dataset.c = theirs.cell;
    row.dataset.done = "1";
    say(row, "");
    paint(row);
    input.focus();
  }
  function takeMine(row, shown) {
    load();   // what was shown is a copy by now
    const entry = pending[nameOf(shown)];
    if (!entry) { paint(row); return; }
    entry.id = newId();
    entry.p = entry.l === null ? (entry.p + " " + shown.theirs.cell).trim() : shown.theirs.cell;
    entry.held = entry.words = "";
    keep();
    paint(row);
    flush();
  }

  /* ---------- how the whole stands ---------- */
  function tell(parts) {
    const text = parts.map((part) => (typeof part === "string" ? part : part.textContent)).join("");
    if (output.dataset.told === text) { return; }
    output.dataset.told = text;
    output.textContent = "";
    parts.forEach((part) => output.append(part));
  }
  function span(css, words) {
    const found = document.createElement("span");
    found.className = css;
    found.textContent = words;
    return found;
  }
  function link(url, words) {
    const found = document.createElement("a");
    found.href = url;
    found.textContent = words;
    return found;
  }
  function loginUrl() {
    return data.login + "?next=" + encodeURIComponent(window.location.pathname + window.location.search);
  }
  function count() {
    const entries = Object.keys(pending).map((name) => pending[name]);
    const held = entries.filter((entry) => entry.held);
    const unsent = entries.length - held.length;
    const asks = held.filter((entry) => entry.held === "reason" || entry.held === "photo").length;
    const done = rows.filter((row) => !row.classList.contains("unseen")).length;
    document.querySelectorAll("span[data-done], span[data-tab]").forEach((one) => { one.textContent = done; });
    const rest = form.querySelector("button[name=rest]");
    if (rest) { rest.hidden = done === rows.length; }
    const parts = [];
    if (unsent) { parts.push(span("pending", unsent + " 格还没存上"), " "); }
    if (login === "dead" || login === "other") {
      parts.push(login === "dead" ? "请重新登录，登录后自动补存。" : trouble + " ", link(loginUrl(), login === "dead" ? "去登录" : "换人登录"));
    } else if (unsent) {
      parts.push(span("small quiet", trouble || (navigator.onLine ? "正在保存" : "信号恢复后自动补存，别关页面")));
    }
    if (asks) { parts.push(" ", span("pending", asks + " 格等您补原因或照片")); }
    if (held.length - asks) { parts.push(" ", span("pending", (held.length - asks) + " 格要您改")); }
    held.forEach((entry) => {  // on another floor: nothing of this page shows it
      if (!byTarget[entry.t]) { parts.push(" ", link(entry.page, entry.room + "：" + entry.words)); }
    });
    if (!parts.length) { parts.push(done === rows.length ? "都查完了，全部已保存" : touched ? "全部已保存" : "每格填好自动保存"); }
    tell(parts);
  }

  /* ---------- sending ---------- */
  function ready(entry) {
    const row = byTarget[entry.t];
    if (entry.held === "wrong" || entry.held === "refused" || entry.held === "conflict") { return false; }
    entry.held = entry.words = "";
    if (entry.l === null || !row || !entry.f) { return true; }
    const column = byLine[entry.l], input = inputOf(row, entry.l);
    if (column.reason !== undefined && !reasonOf(row).value.trim()) {
      entry.held = "reason";
      entry.words = column.name + (column.kind === "points" ? "扣了分" : "不合格") + "，请写一句原因。写好后自动保存。";
      return false;
    }
    if (column.photo !== undefined && !input.dataset.s && !photoOf(input).files.length) {
      entry.held = "photo";
      entry.words = column.name + "不合格要拍一张照片，拍好后自动保存。";
      return false;
    }
    return true;
  }
  function sent(entry) {
    const row = byTarget[entry.t], found = { t: entry.t, l: entry.l, id: entry.id, v: entry.v || "", f: Boolean(entry.f), p: entry.p || "" };
    if (entry.m) { found.m = entry.m; found.n = entry.n; }
    if (entry.r !== undefined) { found.r = entry.r; }
    if (entry.l !== null && row && entry.f) { found.r = entry.why = reasonOf(row).value.trim(); }
    if (entry.l !== null && !row && entry.why) { found.r = entry.why; }
    return found;
  }
  function later(pause) {
    window.clearTimeout(timer);
    timer = window.setTimeout(flush, pause);
  }
  function again(words) {
    trouble = words;
    later(wait);
    wait = Math.min(wait * 2, LONGEST);
    count();
  }
  function flush() {
    window.clearTimeout(timer);
    if (sending) { return; }
    load();   // another window of the same person may have sent some
    const list = Object.keys(pending).map((name) => pending[name]).sort((a, b) => a.at - b.at).filter(ready);
    rows.forEach((row) => { if (entriesOf(row).length || row.querySelector(".unsaved")) { paint(row); } });
    if (!list.length || login === "other") { count(); return; }
    if (!navigator.onLine) { again("信号恢复后自动补存，别关页面"); return; }
    const pictured = list.findIndex((entry) => photo(entry));
    const batch = pictured === 0 ? list.slice(0, 1) : list.slice(0, pictured > 0 ? Math.min(pictured, BATCH) : BATCH);
    sending = true;
    const body = JSON.stringify({ user: Number(data.user), cells: batch.map(sent) });
    const headers = { "X-CSRFToken": token.value, Accept: "application/json" };
    let load_ = body;
    if (pictured === 0) {
      load_ = new FormData();
      load_.append("data", body);
      load_.append("photo", photo(batch[0]));
    } else {
      headers["Content-Type"] = "application/json";
    }
    keep();
    const stop = new AbortController();
    const alarm = window.setTimeout(() => stop.abort(), pictured === 0 ? PATIENCE * 3 : PATIENCE);
    window.fetch(data.url, { method: "POST", body: load_, headers: headers, credentials: "same-origin", signal: stop.signal })
      .then((answer) => answered(answer))
      .catch(() => again(navigator.onLine ? "网络不通，稍后自动补存" : "信号恢复后自动补存，别关页面"))
      .then(() => {
        window.clearTimeout(alarm);
        sending = false;
        if (next) { next = false; flush(); }
      });
  }
  function photo(entry) {
    const row = byTarget[entry.t];
    const box = row && entry.l !== null && entry.f && byLine[entry.l].photo !== undefined ? photoOf(inputOf(row, entry.l)) : null;
    return box && box.files.length ? box.files[0] : null;
  }
  function answered(answer) {
    const json = (answer.headers.get("Content-Type") || "").includes("json");
    if (answer.status >= 500) { again("服务器暂时没有回应，稍后自动补存"); return null; }
    if (!json || answer.status === 401) { return whoami(); }
    return answer.json().then((found) => {
      if (found.login) { login = answer.status === 401 ? "dead" : "other"; trouble = found.words || ""; count(); return; }
      if (!found.outcomes) { again(found.words || "没有存上，稍后再试"); return; }
      wait = FIRST;
      trouble = login = "";
      next = true;
      found.outcomes.forEach(settle);
      keep();
      count();
    });
  }
  /* The session is gone, or only the page's token is old: ask who is signed in now. */
  function whoami() {
    return window.fetch(data.url, { headers: { Accept: "application/json" }, credentials: "same-origin" }).then((answer) => {
      if (!(answer.headers.get("Content-Type") || "").includes("json") || answer.status !== 200) {
        login = "dead";
        later(LONGEST);
        count();
        return null;
      }
      return answer.json().then((found) => {
        if (String(found.user) !== data.user) {
          login = "other";
          trouble = "现在登录的是" + found.name + "，这些格是" + data.name + "记的，没有保存。";
          count();
          return;
        }
        token.value = found.token;
        login = "";
        asked += 1;
        if (asked < 5) { next = true; } else { again("没有存上，稍后再试"); asked = 0; }
      });
    });
  }
  function settle(outcome) {
    const lead = outcome.t + ":";
    const name = Object.keys(pending).find((one) => one.startsWith(lead) && pending[one].id === outcome.id);
    const entry = name ? pending[name] : null, row = byTarget[outcome.t];
    const input = row && outcome.l !== null ? inputOf(row, outcome.l) : null;
    if (outcome.status === "saved" || outcome.status === "same") {
      asked = 0;
      if (input && outcome.status === "saved") {
        input.dataset.c = outcome.id;
        const newer = pending[lead + outcome.l];   // typed while this one was under way
        if (newer && newer !== entry) { newer.p = outcome.id; }
      }
      if (entry) {
        delete pending[name];
        if (input) {
          input.dataset.s = entry.text;
          const shot = photoOf(input);
          if (shot) { shot.value = ""; shot.closest(".photo-cell").classList.remove("chosen"); }
        } else if (row && name.endsWith(":r")) {
          reasonOf(row).dataset.s = entry.r;
        } else if (row && entry.m) {
          inputs(row).forEach((one) => { one.dataset.s = valueOf(one); });
          reasonOf(row).dataset.s = "";
        }
      }
      if (!row) { return; }
      row.dataset.done = outcome.done ? "1" : "";
      if (!entriesOf(row).length) { row.dataset.out = outcome.excused ? "excused" : ""; }
      const box = row.querySelector(".row-words");
      Array.from(box.querySelectorAll("[data-ticket]"))
        .filter((one) => one.dataset.ticket === outcome.ticket || outcome.words.includes(one.dataset.ticket)).forEach((one) => one.remove());
      if (outcome.ticket) {
        const told = span("", (outcome.joined ? "已并入 " : "已报修 "));
        told.dataset.ticket = outcome.ticket;
        told.append(link(outcome.url, outcome.ticket), " ");
        box.prepend(told);
        say(row, "");
      } else {
        say(row, outcome.words || outcome.excused);
      }
    } else if (entry) {
      entry.held = outcome.status === "conflict" ? "conflict" : "refused";
      entry.words = outcome.words;
      entry.theirs = outcome.theirs;
    }
    if (row) { paint(row); }
  }

  /* ---------- hands ---------- */
  let idle = 0;
  const fault = form.querySelector("a[data-fault]");
  function setHere(row) { if (fault) { fault.href = data.report + "?place=" + row.dataset.place; } }
  table.addEventListener("input", (event) => {
    const input = event.target, row = input.closest("tr");
    if (input.name && input.name[0] === "c") {
      edited(input);
      window.clearTimeout(idle);
      idle = window.setTimeout(flush, byLine[lineOf(input)].kind === "points" ? SOON : LATER);
    } else if (input.name && input.name[0] === "w") {
      reasoned(row);
      window.clearTimeout(idle);
      idle = window.setTimeout(flush, LATER);
    }
  });
  table.addEventListener("change", (event) => {
    const input = event.target, row = input.closest("tr");
    if (input.type === "file") {
      input.closest(".photo-cell").classList.toggle("chosen", input.files.length > 0);
      const cell = inputs(row).find((one) => photoOf(one) === input);
      const entry = pending[row.dataset.t + ":" + lineOf(cell)];
      if (!entry) { put(row, lineOf(cell), { l: Number(lineOf(cell)), v: judge(cell).value, f: Boolean(judge(cell).failed), p: cell.dataset.c || "", text: valueOf(cell) }); }
      else { entry.held = entry.words = ""; }
    } else if (input.name && input.name[0] === "c") { edited(input); }
    // Not at once: the change came from a tap elsewhere, and nothing may move under the finger before it is up.
    window.clearTimeout(idle);
    idle = window.setTimeout(flush, 250);
  });
  table.addEventListener("focusin", (event) => {
    const row = event.target.closest("tbody tr");
    if (row) { setHere(row); }
    if (event.target.classList.contains("mark")) { event.target.select(); }
  });

  function go(row, index) {
    const field = row && inputs(row)[Math.max(0, Math.min(index, columns.length - 1))];
    if (!field) { return false; }
    row.classList.remove("shut");
    if (row.classList.contains("perfect")) { row.classList.add("opened"); }
    field.focus();
    return true;
  }
  table.addEventListener("keydown", (event) => {
    const input = event.target, row = input.closest("tbody tr");
    if (!row || input.tagName !== "INPUT" || input.type === "file" || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) { return; }
    const index = inputs(row).indexOf(input), at = rows.indexOf(row), words = index < 0;
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (event.key === "Enter") {
      event.preventDefault();
      leave(row, input);
    } else if (moves[event.key] && !(words && moves[event.key][1])) {
      event.preventDefault();
      const step = moves[event.key], column = words ? 0 : index + step[1];
      if (column >= columns.length) { reasonOf(row).focus(); return; }
      go(rows[at + step[0]], column);
    } else if (!words && (event.key === "f" || event.key === "F")) {
      event.preventDefault();
      window.open(data.report + "?place=" + row.dataset.place, "_blank", "noopener");
    } else if (!words && isTick(input) && /^[01]$/.test(event.key)) {
      event.preventDefault();
      input.checked = event.key === "1";
      edited(input);
      flush();
    } else if (!words && !isTick(input) && event.key.length === 1 && !/[0-9.\-０-９。．]/.test(event.key)) {
      event.preventDefault();   // a stray letter is no score
    }
  });
  /* Enter: the row is finished. An empty one is in order, one that lacks its reason gets it first. */
  function leave(row, input) {
    const failing = inputs(row).filter((one) => judge(one).failed);
    const bare = failing.some((one) => byLine[lineOf(one)].reason !== undefined) && !reasonOf(row).value.trim();
    if (bare && input !== reasonOf(row)) {
      flush();
      reasonOf(row).focus();
      return;
    }
    if (row.classList.contains("unseen") && !failing.length && !inputs(row).some(valueOf)) { mark(row, "full"); }
    flush();
    const following = rows[rows.indexOf(row) + 1];
    if (!go(following, 0)) { (form.querySelector(".savebar a:not([data-fault])") || form.querySelector(".savebar .btn-primary")).focus(); }
  }

  let sure = 0;
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[type=submit]");
    if (!button) { return; }
    event.preventDefault();
    const row = button.closest("tbody tr");
    if (button.name === "full") {
      mark(row, row.classList.contains("perfect") && !entriesOf(row).some((entry) => entry.m !== "full") ? "open" : "full");
    } else if (button.name === "locked") {
      if (row.dataset.out === "excused") { mark(row, "open"); } else { mark(row, "excused", reasonOf(row).value.trim() || data.locked); }
    } else if (button.name === "rest") {
      const left = rows.filter((one) => one.classList.contains("unseen"));
      if (!sure) {
        sure = window.setTimeout(() => { sure = 0; button.textContent = "其余都" + data.fine; }, 6000);
        button.textContent = "确认 " + left.length + " 行" + data.fine;
      } else {
        window.clearTimeout(sure);
        sure = 0;
        button.textContent = "其余都" + data.fine;
        left.forEach((one) => mark(one, "full"));
      }
    } else {
      wait = FIRST;
      Object.keys(pending).forEach((name) => { if (pending[name].held === "refused") { pending[name].held = ""; } });
      flush();
      const held = form.querySelector(".wrong, tr.says .danger");
      if (held) { held.scrollIntoView({ block: "center" }); }
    }
  });
  form.addEventListener("submit", (event) => event.preventDefault());

  /* On phones finished and untouched rooms are one line; the room's number opens them. */
  table.addEventListener("click", (event) => {
    const door = event.target.closest(".room a");
    if (!door || !narrow.matches) { return; }
    event.preventDefault();
    const row = door.closest("tr"), opened = row.classList.contains("perfect") ? row.classList.toggle("opened") : !row.classList.toggle("shut");
    door.setAttribute("aria-expanded", String(opened));
  });

  /* ---------- beginning ---------- */
  rows.forEach((row) => {
    inputs(row).forEach((input) => { input.dataset.s = isTick(input) ? (input.defaultChecked ? "1" : "") : input.defaultValue; });
    reasonOf(row).dataset.s = reasonOf(row).defaultValue;
    row.dataset.done = row.classList.contains("unseen") ? "" : "1";
    row.dataset.out = row.classList.contains("excused") ? "excused" : "";
    if (narrow.matches && row.classList.contains("unseen")) {
      row.classList.add("shut");
      row.querySelector(".room a").setAttribute("aria-expanded", "false");
    }
  });
  function restore() {
    const found = Object.keys(pending).map((name) => pending[name]).sort((a, b) => a.at - b.at);
    touched = found.length > 0;
    found.forEach((entry) => {
      const row = byTarget[entry.t];
      if (!row) { return; }
      row.classList.remove("shut");
      if (entry.m) {
        if (entry.m !== "excused") { inputs(row).forEach((input) => { if (!isTick(input)) { input.value = ""; } input.checked = false; }); }
        row.dataset.out = entry.m;
      } else if (entry.l === null) {
        reasonOf(row).value = entry.r;
      } else {
        const input = inputOf(row, entry.l);
        if (!input) { return; }
        if (isTick(input)) { input.checked = Boolean(entry.text); } else { input.value = entry.text; }
        if (entry.why && !reasonOf(row).value) { reasonOf(row).value = entry.why; }
      }
      if (entry.held === "refused") { entry.held = ""; }
      paint(row);
    });
  }
  load();
  restore();
  others();
  count();
  flush();
  window.addEventListener("online", () => { wait = FIRST; trouble = ""; flush(); });
  window.addEventListener("offline", count);
  window.addEventListener("storage", (event) => { if (event.key === key) { flush(); } });
  document.addEventListener("visibilitychange", flush);
  window.addEventListener("pageshow", (event) => { if (event.persisted) { flush(); } });
}());
