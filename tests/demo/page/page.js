"use strict";
// Draws the model (tests/demo/model.py) as lanes over time, and plays it.

const data = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";
const NARROW = 640; // pixels of width below which labels stand above their lanes
const GLYPH = {
  accept: "▼", accept4: "▼", fork: "Y", vfork: "Y", clone: "Y", clone3: "Y", close: "×",
  shutdown: "⊣", kill: "!", exit: "■", exit_group: "■", wait4: "†", waitid: "†",
  read: "‹", readv: "‹", recv: "‹", recvfrom: "‹", pread64: "‹",
  write: "›", writev: "›", send: "›", sendto: "›", sendfile: "›", execve: "▶",
};
// The kernel's names of calls that a program knows by others.
const NAMES = {
  accept4: "accept", pselect6: "select", clone: "fork", clone3: "fork", recvfrom: "recv", sendto: "send",
  epoll_pwait: "epoll_wait", rt_sigsuspend: "sigsuspend", exit_group: "exit", clock_nanosleep: "sleep",
};
const ENDS = { done: "✓", refused: "✕ refused", reset: "✕ reset", "cut off": "✂ cut off", "gave up": "… gave up" };
const STATES = {
  connecting: "connecting", backlog: "connected, waits in the backlog",
  handshake: "TLS handshake", silent: "connected, silent", sending: "sending",
  waiting: "sent, waits for the answer", receiving: "receiving",
};
const byId = (id) => document.getElementById(id);

// ---- Small helpers ---------------------------------------------------------

function make(parent, name, attributes = {}, text = "") {
  const svg = parent instanceof SVGElement || name === "svg";
  const made = svg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== "") made.textContent = text;
  parent.append(made);
  return made;
}

function ms(value) {
  const size = Math.abs(value);
  return `${value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)} ms`;
}

function bytes(count) {
  return count < 10000 ? `${count} B` : count < 1e7 ? `${(count / 1024).toFixed(0)} KiB` : `${(count / 1048576).toFixed(1)} MiB`;
}

const color = (client) => (client < 0 ? "var(--quiet)" : `var(--c${client % 8})`);
const letter = (client) => (client < 0 ? "" : String.fromCharCode(65 + (client % 26)));

// ---- What there is to see, in the order of time ----------------------------
// An event: {run, at, ms, kind, what, lane, mark}; mark is its rectangle.

const events = [];
const lanes = []; // of all runs: {run, y, height, draw}
const view = { from: 0, to: 1 };
let now = null; // milliseconds; null: all of it is shown
let chosen = -1;

function gather() {
  data.runs.forEach((run, r) => {
    run.clients.forEach((client, c) => {
      client.spans.forEach((span) => events.push({
        run: r, kind: "span", at: span.from, ms: span.to - span.from, what: span, client: c }));
    });
    run.processes.forEach((process, p) => {
      process.calls.forEach((call) => events.push({
        run: r, kind: "call", at: call.at, ms: call.ms, what: call, client: call.client, process: p }));
      process.signals.filter((signal) => signal.what.startsWith("SIG")).forEach((signal) => events.push({
        run: r, kind: "signal", at: signal.at, ms: 0, what: signal, client: -1, process: p }));
    });
  });
  events.sort((a, b) => a.at - b.at || a.run - b.run);
}

// ---- Drawing ---------------------------------------------------------------

function patterns(svg) {
  const defs = make(svg, "defs");
  for (let c = -1; c < 8; c++) {
    const id = c < 0 ? "n" : c;
    const stroke = color(c);
    const hatch = make(defs, "pattern", { id: `hatch${id}`, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
    make(hatch, "rect", { width: 7, height: 7, fill: stroke, opacity: 0.14 });
    make(hatch, "line", { x1: 0, y1: 0, x2: 0, y2: 7, stroke, "stroke-width": 2.4, opacity: 0.55 });
    const grid = make(defs, "pattern", { id: `grid${id}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" });
    make(grid, "rect", { width: 8, height: 8, fill: stroke, opacity: 0.1 });
    make(grid, "path", { d: "M0 0L8 8M8 0L0 8", stroke, "stroke-width": 1.3, opacity: 0.7 });
    const dots = make(defs, "pattern", { id: `dots${id}`, width: 6, height: 6, patternUnits: "userSpaceOnUse" });
    make(dots, "rect", { width: 6, height: 6, fill: stroke, opacity: 0.2 });
    make(dots, "circle", { cx: 3, cy: 3, r: 1.7, fill: stroke });
  }
}

const patternOf = (kind, client) => `url(#${kind}${client < 0 ? "n" : client % 8})`;

function styleOfSpan(state, client) {
  const fill = color(client);
  switch (state) {
    case "connecting": return { fill: "none", stroke: fill, "stroke-width": 2, inset: 3 };
    case "backlog": return { fill: patternOf("grid", client), stroke: fill, inset: 2 };
    case "handshake": return { fill: patternOf("dots", client), stroke: fill, inset: 2 };
    case "silent": return { fill, opacity: 0.5, inset: 10 };
    case "sending": return { fill, opacity: 0.6, inset: 5 };
    case "waiting": return { fill: patternOf("hatch", client), stroke: fill, inset: 2 };
    default: return { fill, inset: 1 };
  }
}

function styleOfCall(call) {
  const fill = color(call.client);
  if (call.blocked) return { fill: patternOf("hatch", call.client), stroke: fill, inset: 3 };
  if (call.handshake) return { fill: patternOf("dots", call.client), stroke: fill, inset: 1 };
  return { fill, inset: 1 };
}

class Picture {
  constructor(run, number) {
    this.run = run;
    this.number = number;
    this.section = make(byId("runs"), "section", { "aria-label": run.name });
    const title = make(this.section, "h2", {}, `${run.name} `);
    make(title, "small", {}, run.watched
      ? `recording slowed its answers by a factor of ${run.slowed.toFixed(2)}`
      : "seen from its clients alone: this system cannot show its system calls");
    this.svg = make(this.section, "svg", { role: "img", tabindex: 0, "aria-label":
      `Timeline of ${run.name}: ${run.clients.length} clients, ${run.processes.length} processes. The table below says the same in numbers.` });
    this.numbers();
    this.layout();
    this.svg.addEventListener("pointerdown", (event) => this.drag(event));
    this.svg.addEventListener("pointerover", (event) => hover(event));
    this.svg.addEventListener("click", (event) => hover(event));
    this.svg.addEventListener("wheel", (event) => wheel(event, this), { passive: false });
  }

  // Everything that does not depend on the time that is in view.
  layout() {
    const width = Math.max(280, this.section.clientWidth);
    this.narrow = width < NARROW;
    this.x0 = this.narrow ? 0 : 150;
    this.x1 = width - 6;
    const height = this.narrow ? 24 : 26;
    const gap = this.narrow ? 19 : 5;
    this.svg.replaceChildren();
    patterns(this.svg);
    this.grid = make(this.svg, "g");
    const clip = make(this.svg, "clipPath", { id: `clip${this.number}` });
    this.inner = make(this.svg, "g", { "clip-path": `url(#clip${this.number})` });
    this.marks = [];
    this.texts = [];
    let y = 26;
    const lane = (label, extra, glyph, client) => {
      y += this.narrow ? gap : 0;
      make(this.inner, "rect", { class: "lane", x: this.x0, y, width: this.x1 - this.x0, height });
      const text = make(this.svg, "text", { class: "label", x: 2, y: this.narrow ? y - 4 : y + 18, fill: client === undefined ? "" : color(client) }, `${glyph}${label} `);
      make(text, "tspan", { class: "soft" }, extra);
      const here = y;
      y += height + (this.narrow ? 2 : gap);
      return here;
    };
    this.run.clients.forEach((client, c) => {
      const top = lane(client.name, "", `${letter(c)}  `, c);
      this.spans(client, c, top, height);
    });
    y += 6;
    this.run.processes.forEach((process, p) => {
      const label = process.kind === "server" ? "server" : process.kind;
      const top = lane(label, String(process.pid), "");
      this.calls(process, p, top, height);
    });
    make(clip, "rect", { x: this.x0, y: 0, width: this.x1 - this.x0, height: y + 4 });
    this.future = make(this.inner, "rect", { class: "future", y: 24, height: y - 20 });
    this.cursor = make(this.inner, "line", { class: "cursor", y1: 20, y2: y + 2 });
    this.height = y + 4;
    this.svg.setAttribute("height", this.height);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${this.height}`);
  }

  // One rectangle, placed anew whenever another time comes into view.
  mark(event, y, height, style, text) {
    const { inset, ...look } = style;
    const rect = make(this.inner, "rect", { ...look, y: y + inset, height: height - 2 * inset, rx: 2, "data-event": events.indexOf(event) });
    event.mark = rect;
    const label = text ? make(this.inner, "text", { class: "inside", y: y + height / 2 + 5 }, text) : null;
    this.marks.push({ rect, label, from: event.at, to: event.at + event.ms, room: text.length * 7.2 + 6 });
  }

  spans(client, c, y, height) {
    for (const event of this.events("span", (e) => e.client === c)) {
      const words = event.what.state === "backlog" ? "in the backlog" : event.what.state;
      this.mark(event, y, height, styleOfSpan(event.what.state, c), event.what.state === "receiving" ? "" : words);
    }
    const last = client.spans[client.spans.length - 1];
    if (last) {
      const end = make(this.inner, "text", { class: "end", y: y + 18 }, ENDS[client.end] || client.end);
      this.texts.push({ text: end, at: Math.max(...client.spans.map((s) => s.to)), dx: 5 });
    }
  }

  calls(process, p, y, height) {
    const life = make(this.inner, "line", { class: "life", y1: y + height, y2: y + height });
    this.texts.push({ line: life, at: process.from, to: process.to });
    for (const event of this.events("call", (e) => e.process === p)) {
      const call = event.what;
      const who = letter(call.client);
      const glyph = GLYPH[call.name] || "";
      const words = `${glyph} ${NAMES[call.name] || call.name}${who ? " " + who : ""}${call.blocked ? " waits" : ""}`;
      this.mark(event, y, height, styleOfCall(call), words);
    }
    for (const event of this.events("signal", (e) => e.process === p)) {
      this.mark(event, y, height, { fill: "var(--mark)", inset: 0 }, "");
    }
    if (process.end) {
      const bad = process.end !== "exit 0";
      const words = bad ? `\u2715 ${process.end}` : "exit 0";
      const text = make(this.inner, "text", { class: bad ? "end bad" : "end soft", y: y + 18 }, words);
      this.texts.push({ text, at: process.to, dx: 6 });
    }
  }

  events(kind, fits) {
    return events.filter((e) => e.kind === kind && e.run === this.number && fits(e));
  }

  x(at) {
    return this.x0 + ((at - view.from) / (view.to - view.from)) * (this.x1 - this.x0);
  }

  place() {
    for (const { rect, label, from, to, room } of this.marks) {
      const x = this.x(from);
      const width = Math.max(2.5, this.x(to) - x);
      const seen = x < this.x1 + 5 && x + width > this.x0 - 5;
      rect.style.display = seen ? "" : "none";
      if (seen) {
        rect.setAttribute("x", x);
        rect.setAttribute("width", width);
      }
      if (label) {
        const start = Math.max(x, this.x0) + 4;
        const fits = seen && Math.min(x + width, this.x1) - start > room;
        label.style.display = fits ? "" : "none";
        if (fits) label.setAttribute("x", start);
      }
    }
    for (const item of this.texts) {
      if (item.text) {
        const x = this.x(item.at) + item.dx;
        item.text.setAttribute("x", x);
        item.text.style.display = x + item.text.textContent.length * 6 < this.x1 + 8 ? "" : "none";
      }
      if (item.line) {
        item.line.setAttribute("x1", this.x(item.at));
        item.line.setAttribute("x2", this.x(item.to));
      }
    }
    this.axis();
    this.time();
  }

  axis() {
    this.grid.replaceChildren();
    const room = (this.x1 - this.x0) / 90;
    const rough = (view.to - view.from) / Math.max(2, room);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) {
      const x = this.x(at);
      make(this.grid, "line", { class: "grid", x1: x, x2: x, y1: 20, y2: this.height });
      const anchor = x > this.x1 - 40 ? "end" : x < this.x0 + 20 ? "start" : "middle";
      make(this.grid, "text", { class: "tick", x, y: 14, "text-anchor": anchor }, `${Number(at.toFixed(digits))} ms`);
    }
  }

  time() {
    const shown = now !== null;
    const x = shown ? this.x(now) : this.x1 + 9;
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
    this.future.setAttribute("x", Math.max(this.x0, x));
    this.future.setAttribute("width", Math.max(0, this.x1 - Math.max(this.x0, x)));
    this.cursor.style.display = this.future.style.display = shown ? "" : "none";
  }

  drag(down) {
    const start = down.clientX;
    const { from, to } = view;
    const scale = (to - from) / (this.x1 - this.x0);
    const move = (event) => show(from - (event.clientX - start) * scale, to - (event.clientX - start) * scale);
    const up = () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", up);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
  }

  numbers() {
    const { numbers, clients } = this.run;
    const wide = make(byId("numbers"), "div", { class: "wide" });
    const table = make(wide, "table", { "data-run": this.number });
    make(table, "caption", {}, `${this.run.name}: what the clients measured`);
    const head = make(make(table, "thead"), "tr");
    for (const name of ["client", "first byte", "total", "sent", "received", "answers", "end"]) make(head, "th", { scope: "col" }, name);
    const body = make(table, "tbody");
    clients.forEach((client, c) => {
      const row = make(body, "tr", { "data-client": c });
      const end = client.resumed.includes(true) ? `${client.end}, resumed` : client.end;
      const cells = [`${letter(c)}  ${client.name}`, client.first === null ? "none" : ms(client.first), ms(client.total),
        bytes(client.sent), bytes(client.received), String(client.answers), end];
      cells.forEach((cell) => make(row, "td", {}, cell));
    });
    if (this.run.watched) {
      const most = Object.entries(numbers.by_name).slice(0, 6).map(([name, count]) => `${count} ${name}`).join(", ");
      make(this.section, "p", { class: "sum" }, `${numbers.processes} ${numbers.processes === 1 ? "process" : "processes or threads"}, ` +
        `${numbers.calls} system calls (${most}${Object.keys(numbers.by_name).length > 6 ? ", ..." : ""}), ${numbers.wakeups} wake-ups.`);
    }
  }
}

// ---- The time in view, and the time that it is ------------------------------

const pictures = [];

function show(from, to) {
  const least = 0.02; // milliseconds across the whole picture
  if (to - from < least) to = from + least;
  view.from = from;
  view.to = to;
  requestAnimationFrame(() => pictures.forEach((picture) => picture.place()));
}

function fit() {
  show(-0.03 * data.to, 1.06 * data.to);
}

function zoom(factor, middle = null) {
  const at = middle ?? (now !== null && now > view.from && now < view.to ? now : (view.from + view.to) / 2);
  show(at - (at - view.from) * factor, at + (view.to - at) * factor);
}

function wheel(event, picture) {
  if (!event.ctrlKey && !event.shiftKey) return; // the page scrolls
  event.preventDefault();
  const share = (event.clientX - picture.svg.getBoundingClientRect().left - picture.x0) / (picture.x1 - picture.x0);
  const turned = event.deltaY || event.deltaX;
  zoom(turned < 0 ? 0.8 : 1.25, view.from + share * (view.to - view.from));
}

let playing = null; // {at, since}: when it began, on both clocks

function setTime(at) {
  now = at;
  byId("time").textContent = now === null ? ms(data.to) : ms(now);
  pictures.forEach((picture) => picture.time());
}

function frame(stamp) {
  if (!playing) return;
  const at = playing.at + (stamp - playing.since) * Number(byId("speed").value);
  if (at >= data.to) {
    pause();
    setTime(null);
    return;
  }
  setTime(at);
  if (at > view.to || at < view.from) show(at, at + view.to - view.from);
  requestAnimationFrame(frame);
}

function play() {
  const start = now === null || now >= data.to ? Math.max(data.from, view.from) : now;
  playing = { at: start, since: performance.now() };
  icon("M4 3h4v14H4zM12 3h4v14h-4z");
  byId("play").setAttribute("aria-label", "Pause");
  requestAnimationFrame(frame);
}

const icon = (path) => byId("play").querySelector("path").setAttribute("d", path);

function pause() {
  playing = null;
  icon("M5 3v14l12-7z");
  byId("play").setAttribute("aria-label", "Play");
}

const toggle = () => (playing ? pause() : play());

function step(way) {
  pause();
  const at = now === null ? (way > 0 ? view.from : Infinity) : now;
  let next = chosen + way;
  if (chosen < 0) next = way > 0 ? events.findIndex((e) => e.at > at) : events.length - 1;
  next = Math.max(0, Math.min(events.length - 1, next));
  choose(next);
  setTime(events[next].at);
  if (now < view.from || now > view.to) show(now - (view.to - view.from) / 3, now + ((view.to - view.from) * 2) / 3);
}

function speed(way) {
  const list = byId("speed");
  const place = list.selectedIndex + way;
  if (place < 0 || place >= list.options.length) return;
  if (playing) playing = { at: now, since: performance.now() };
  list.selectedIndex = place;
}

// ---- What one event was ------------------------------------------------------

function hover(event) {
  const mark = event.target.closest("[data-event]");
  if (mark) choose(Number(mark.dataset.event));
}

function choose(number) {
  if (chosen >= 0 && events[chosen].mark) events[chosen].mark.classList.remove("chosen");
  chosen = number;
  const event = events[number];
  if (event.mark) event.mark.classList.add("chosen");
  const box = byId("detail");
  box.replaceChildren();
  const run = data.runs[event.run];
  const where = data.runs.length > 1 ? `${run.name}, ` : "";
  if (event.kind === "span") {
    const client = run.clients[event.client];
    make(box, "p", {}, `${where}client ${letter(event.client)} (${client.name}): ${STATES[event.what.state]}, ${ms(event.ms)} from ${ms(event.at)} on`);
    for (const moment of client.moments.filter((m) => m.at >= event.what.from - 0.05 && m.at <= event.what.to + 0.05 && m.bytes)) {
      make(box, "p", {}, `${ms(moment.at)}: ${moment.what} ${bytes(moment.bytes)}`);
      make(box, "pre", {}, printable(moment.text));
    }
  } else if (event.kind === "signal") {
    make(box, "p", {}, `${where}process ${run.processes[event.process].pid} at ${ms(event.at)}: the signal ${event.what.what} arrives`);
  } else {
    describeCall(box, where, run, event);
  }
}

function describeCall(box, where, run, event) {
  const call = event.what;
  const process = run.processes[event.process];
  const about = call.client >= 0 ? `, for client ${letter(call.client)} (${run.clients[call.client].name})` : call.about ? `, ${call.about}` : "";
  const waits = call.blocked ? `waits ${ms(call.ms)}` : `takes ${ms(call.ms)}`;
  make(box, "p", {}, `${where}${process.kind} ${process.pid} at ${ms(call.at)}${about}; ${waits}${call.handshake ? "; part of the TLS handshake" : ""}`);
  make(box, "p", { class: "call" }, `${call.name}(${call.args}) = ${call.result}`);
  if (call.function >= 0) make(box, "p", {}, data.functions[call.function]);
  const text = /"((?:[^"\\]|\\.)*)"/.exec(call.args);
  if (text && call.client >= 0) make(box, "pre", {}, unescapeC(text[1]));
}

// Bytes as strace shows them, with its line ends as line ends.
function unescapeC(text) {
  return text.replace(/\\r\\n/g, "\n").replace(/\\n/g, "\n").replace(/\\"/g, '"').replace(/\\t/g, "\t");
}

function printable(text) {
  return text.replace(/\r\n/g, "\n").replace(/[^\n\x20-\x7e]/g, ".");
}

// ---- Legend, script, keys ----------------------------------------------------

function legend() {
  const box = byId("legend");
  make(box, "h3", {}, "What the shapes mean");
  const list = make(box, "ul", { class: "legend" });
  const item = (style, words) => {
    const { inset, ...look } = style;
    const row = make(list, "li");
    const svg = make(row, "svg", { "aria-hidden": "true" });
    patterns(svg);
    make(svg, "rect", { x: 1, y: inset, width: words.includes("a signal") ? 3 : 44, height: 22 - 2 * inset, rx: 2, ...look });
    make(row, "span", {}, words);
  };
  for (const [state, words] of Object.entries(STATES)) item(styleOfSpan(state, 0), `client: ${words}`);
  item(styleOfCall({ client: 0 }), "server: a system call for that client");
  item(styleOfCall({ client: -1 }), "server: a system call for nobody in particular");
  item(styleOfCall({ client: -1, blocked: true }), "server: waits inside a call");
  item(styleOfCall({ client: 0, handshake: true }), "server: bytes of a handshake");
  item({ fill: "var(--mark)", inset: 0 }, "server: a signal arrives");
}

function script() {
  const box = byId("script");
  make(box, "h3", {}, "What the clients do");
  const list = make(box, "ul");
  data.script.forEach((client, c) => {
    const row = make(list, "li", {}, `${letter(c)}  ${client.name}, at ${client.at} ms: `);
    make(row, "code", {}, client.does);
  });
  byId("made").textContent = data.made;
}

function theme(dark) {
  document.documentElement.classList.toggle("dark", dark);
}

const KEYS = {
  " ": toggle, ArrowLeft: () => step(-1), ArrowRight: () => step(1),
  "+": () => zoom(0.6), "=": () => zoom(0.6), "-": () => zoom(1 / 0.6), 0: fit,
  f: () => speed(-1), s: () => speed(1), d: () => byId("theme").click(),
};

function start() {
  gather();
  theme(matchMedia("(prefers-color-scheme: dark)").matches);
  data.runs.forEach((run, number) => pictures.push(new Picture(run, number)));
  legend();
  script();
  fit();
  setTime(null);
  byId("detail").textContent = "Point at something, or step with the arrow keys, to read what it is.";
  byId("play").addEventListener("click", toggle);
  byId("back").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  byId("in").addEventListener("click", () => zoom(0.6));
  byId("out").addEventListener("click", () => zoom(1 / 0.6));
  byId("fit").addEventListener("click", fit);
  byId("theme").addEventListener("click", () => theme(!document.documentElement.classList.contains("dark")));
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("select, input") || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === " " && event.target.matches("button, summary")) return;
    const action = KEYS[event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  });
  let wide = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === wide) return;
    wide = window.innerWidth;
    pictures.forEach((picture) => picture.layout());
    show(view.from, view.to);
  });
}

start();
