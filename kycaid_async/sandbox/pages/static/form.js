// Without this script the form works as well. With it, files can be dropped and are shown, and a form that has a fault
// keeps its files.
"use strict";
document.documentElement.classList.add("with-script");

const form = document.querySelector("form");
const summary = document.getElementById("summary");

for (const drop of document.querySelectorAll(".drop")) {
  const input = drop.querySelector("input");
  const hint = document.createElement("p");
  hint.className = "hint quiet";
  hint.textContent = "Pick a file, or drop it here";
  drop.append(hint);
  let picture = null;

  const show = () => {
    if (picture) {
      URL.revokeObjectURL(picture.src);
      picture.remove();
      picture = null;
    }
    const file = input.files[0];
    hint.hidden = Boolean(file);
    if (!file || !/^image\/(jpeg|png|webp|gif|bmp)$/.test(file.type)) return;
    picture = document.createElement("img");
    picture.alt = "What you picked";
    picture.src = URL.createObjectURL(file);
    drop.append(picture);
  };
  input.addEventListener("change", show);
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    input.files = one.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  show();
}

// A file that misses its place must not open in the place of the form.
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());

function showFaults(answer) {
  summary.replaceChildren(...answer.getElementById("summary").childNodes);
  for (const fault of form.querySelectorAll(".fault")) {
    const input = document.getElementById(fault.id.replace(/-fault$/, ""));
    fault.textContent = answer.getElementById(fault.id)?.textContent ?? "";
    if (fault.textContent) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
  (form.querySelector("[aria-invalid]") ?? summary).focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button.main");
  button.disabled = true;
  button.textContent = "Sending…";
  try {
    const response = await fetch(location.href, { method: "POST", body: new FormData(form) });
    const answer = new DOMParser().parseFromString(await response.text(), "text/html");
    if (answer.getElementById("summary")) {
      showFaults(answer);
    } else {
      const next = answer.getElementById("next");
      document.title = answer.title;
      document.querySelector("main").replaceWith(answer.querySelector("main"));
      if (next) location.replace(next.href);
    }
  } catch {
    summary.textContent = "Nothing was sent: the server cannot be reached. Please try again.";
    summary.focus();
  } finally {
    button.disabled = false;
    button.textContent = "Submit";
  }
});
