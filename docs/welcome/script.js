// Shows on each page what this very server says, and what this visit took.
// Without this file the pages read as well; they only show less.

"use strict";

const find = (selector, from = document) => from.querySelector(selector);

// The head of the answer for a path, not from the browser's memory.
async function headOf(path) {
    const answer = await fetch(path, { method: "HEAD", cache: "no-store" });
    await answer.arrayBuffer(); // nothing; but now the answer has been read
    return answer;
}

const statusOf = (answer) => `${answer.status} ${answer.statusText}`.trim();

// The start page: the fields that came with it.
async function showFields(list) {
    const answer = await headOf(location.pathname);
    find("[data-status]", list).textContent = statusOf(answer);
    for (const place of list.querySelectorAll("[data-field]")) {
        const value = answer.headers.get(place.dataset.field);
        place.textContent = value ?? "not sent";
    }
}

// What is served: a row of the table for each file, one after the other.
async function showFiles(rows) {
    const columns = ["Content-Type", "Content-Length", "Last-Modified"];
    for (const row of rows) {
        const answer = await headOf(row.dataset.file);
        for (const name of columns) {
            const cell = row.insertCell();
            cell.className = name.toLowerCase();
            cell.textContent = answer.headers.get(name) ?? "not sent";
        }
    }
}

// What is served: a request with a condition.
function offerToAsk(button, output) {
    const path = new URL("style.css", location).pathname;
    button.hidden = false;
    button.addEventListener("click", async () => {
        const date = (await headOf(path)).headers.get("Last-Modified");
        if (!date) {
            output.textContent = "The server told no Last-Modified.";
            return;
        }
        const answer = await fetch(path, {
            cache: "no-store",
            headers: { "If-Modified-Since": date },
        });
        const body = await answer.arrayBuffer();
        output.textContent = [
            `GET ${path} HTTP/1.1`,
            `If-Modified-Since: ${date}`,
            "",
            `HTTP/1.1 ${statusOf(answer)}`,
            `${body.byteLength} bytes of body`,
        ].join("\n");
    });
}

// Step 06 serves these pages as well, without TLS: then they say so.
function sayHowServed() {
    if (location.protocol !== "http:") return;
    for (const words of document.querySelectorAll("[data-over]")) {
        words.hidden = words.dataset.over !== "http:";
    }
    const last = find("tr.here");
    last?.classList.remove("here");
    last?.previousElementSibling.classList.add("here");
}

// What just happened: when each of the five began and ended, in milliseconds.
function phasesOf(visit) {
    const secure = visit.secureConnectionStart || visit.connectEnd;
    return {
        name: [visit.domainLookupStart, visit.domainLookupEnd],
        tcp: [visit.connectStart, secure],
        tls: [secure, visit.connectEnd],
        request: [visit.requestStart, visit.responseStart],
        response: [visit.responseStart, visit.responseEnd],
    };
}

function showVisit(visit, note) {
    const reused = visit.connectStart === visit.connectEnd;
    const start = reused ? visit.requestStart : visit.domainLookupStart;
    const total = visit.responseEnd - start;
    const least = 0.8; // percent: what took no time can be seen all the same
    for (const [name, [from, to]] of Object.entries(phasesOf(visit))) {
        const item = find(`[data-phase="${name}"]`);
        const time = document.createElement("p");
        const spared = reused && ["name", "tcp", "tls"].includes(name);
        time.className = "time";
        time.textContent = `${(to - from).toFixed(1)} ms`;
        if (name === "tls" && location.protocol === "http:") {
            time.textContent = "not done: this page came over plain http";
        } else if (spared) {
            time.textContent = "not needed: a connection was open";
        } else if (total > 0) {
            const bar = document.createElement("span");
            const width = Math.max(least, ((to - from) / total) * 100);
            const left = Math.max(0, ((from - start) / total) * 100);
            bar.className = "bar-of-time";
            bar.style.marginLeft = `${Math.min(left, 100 - width)}%`;
            bar.style.width = `${width}%`;
            time.append(bar);
        }
        find("h2", item).after(time);
    }
    const how = visit.nextHopProtocol ? ` over ${visit.nextHopProtocol}` : "";
    note.textContent = reused
        ? `From the first byte asked to the last one answered: ${total.toFixed(1)} ms${how}, on a connection that was open already.`
        : `From the name to the last byte: ${total.toFixed(1)} ms${how}, on a new connection.`;
}

// What just happened: the lines of the request and of the answer.
async function showLines(request, response) {
    request.textContent = [
        `GET ${location.pathname} HTTP/1.1`,
        `Host: ${location.host}`,
        `User-Agent: ${navigator.userAgent}`,
    ].join("\n");
    const answer = await headOf(location.pathname);
    const lines = [`HTTP/1.1 ${statusOf(answer)}`];
    for (const name of ["Server", "Date", "Content-Type", "Content-Length"]) {
        const value = answer.headers.get(name);
        if (value) lines.push(`${name}: ${value}`);
    }
    response.textContent = lines.join("\n");
}

// Does the work of the page that this is; true once all of it is shown.
async function show() {
    const fields = find("[data-fields]");
    const rows = document.querySelectorAll("[data-file]");
    const button = find("[data-ask]");
    const note = find("[data-visit]");
    sayHowServed();
    if (button) offerToAsk(button, find("[data-answer]"));
    if (note) {
        const [visit] = performance.getEntriesByType("navigation");
        showVisit(visit, note);
        await showLines(find("[data-request]"), find("[data-response]"));
    }
    if (fields) await showFields(fields);
    await showFiles(rows);
    document.documentElement.dataset.shown = "yes";
}

// Once the page has come whole, so that the last of its times is known.
addEventListener("load", show);
