// What Material leaves to a page: a console's copy button copies what is typed, the
// labels in the header can be pressed by keyboard, and on paper no answer is folded.

"use strict";

// Material adds the buttons when a block is first seen.
new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
        for (const node of addedNodes) {
            if (node.matches?.(".md-clipboard")) name(node);
        }
    }
}).observe(document.body, { childList: true, subtree: true });
document.querySelectorAll(".md-clipboard").forEach(name);

function name(button) {
    const block = button.closest(".highlight");
    const typed = block?.classList.contains("language-console");
    button.setAttribute("aria-label", typed ? "Copy the commands" : "Copy");
    button.title = button.getAttribute("aria-label");
    if (typed) {
        const code = button.parentElement.querySelector("code");
        button.dataset.clipboardText = commandsOf(code.textContent);
    }
}

// Lines after `$ `, and those that they go on in.
function commandsOf(text) {
    const commands = [];
    let goesOn = false;
    for (const line of text.split("\n")) {
        const typed = line.startsWith("$ ");
        if (typed || goesOn || line.startsWith("> ")) {
            commands.push(typed || line.startsWith("> ") ? line.slice(2) : line);
            goesOn = line.endsWith("\\");
        }
    }
    return commands.join("\n");
}

for (const label of document.querySelectorAll("label.md-header__button")) {
    label.tabIndex = 0;
    label.setAttribute("role", "button");
    label.setAttribute("aria-label", label.title || nameOf(label.htmlFor));
    label.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        label.click();
        const other = [...document.querySelectorAll("label[for^=__palette]")];
        if (other.includes(label)) {
            requestAnimationFrame(() => other.find((one) => !one.hidden)?.focus());
        }
    });
}

// The page's head forgets a palette that nobody chose (overrides/main.html).
const switcher = document.querySelector("[data-md-component=palette]");
switcher?.addEventListener("click", () => __md_set("__chosen", true));

function nameOf(id) {
    return { __drawer: "Contents", __search: "Search" }[id] ?? "";
}

// A page that was opened from a folder cannot fetch the index of the search.
document.body.classList.toggle("from-a-folder", location.protocol === "file:");

let folded = [];
addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const one of folded) one.open = true;
});
addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
});
