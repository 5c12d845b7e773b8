"use strict";
// The browser of a bucket, and the pages of objects: selecting several, previews of text, and downloads that tell why
// they are denied. Content is shown as text only, never as markup.
{
  // Selecting.
  const count = () => {
    const form = document.querySelector("[data-selection]");
    if (!form) return;
    const boxes = [...form.querySelectorAll("input[name=object]")];
    const chosen = boxes.filter((box) => box.checked).length;
    form.querySelector("[data-needs-selection]").disabled = chosen === 0;
    form.querySelector("[data-selected]").textContent = chosen ? `Delete ${chosen} selected…` : "Delete selected…";
    const all = form.querySelector("[data-all]");
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) {
      for (const box of event.target.form.querySelectorAll("input[name=object]")) box.checked = event.target.checked;
    }
    if (event.target.closest("[data-selection]")) count();
  });
  document.addEventListener("htmx:afterSettle", count);
  count();

  // What the API answered instead of content.
  const problemOf = async (answer) => {
    const text = await answer.text();
    const xml = new DOMParser().parseFromString(text, "application/xml");
    const of = (name) => xml.querySelector(`Error > ${name}`)?.textContent;
    return { code: of("Code") || `HTTP ${answer.status}`, message: of("Message") || "", id: of("RequestId") || answer.headers.get("x-amz-request-id") };
  };
  const show = (place, problem) => {
    const text = document.createElement("span");
    text.textContent = `${problem.code}: ${problem.message}`;
    place.replaceChildren(text);
    place.classList.add("denied-text");
    if (problem.id && /Denied|Forbidden/.test(problem.code)) {
      const why = document.createElement("a");
      why.className = "button small why";
      why.href = "/why/requests/" + encodeURIComponent(problem.id);
      why.textContent = "Why?";
      place.append(" ", why);
    }
  };
  const unreachable = { code: "The API does not answer", message: "Your browser could not reach it." };

  // Text, its beginning.
  const most = 64 * 1024;
  const area = document.querySelector("[data-text]");
  if (area) {
    const note = document.querySelector("[data-preview-note]");
    fetch(area.dataset.text, { headers: { Range: `bytes=0-${most - 1}` } }).then(async (answer) => {
      if (!answer.ok) {
        area.hidden = true;
        return show(note, await problemOf(answer));
      }
      area.textContent = new TextDecoder().decode((await answer.arrayBuffer()).slice(0, most));
      const total = Number(/\/(\d+)$/.exec(answer.headers.get("Content-Range") || "")?.[1] || 0);
      if (total > most) note.textContent = "The first 64 KiB; the rest is in the download.";
    }).catch(() => {
      area.hidden = true;
      show(note, unreachable);
    });
  }

  // Pictures, sound and film that cannot be shown.
  for (const media of document.querySelectorAll("[data-media]")) {
    const failed = () => {
      const note = document.querySelector("[data-preview-note]");
      media.hidden = true;
      fetch(media.dataset.media, { cache: "no-store", headers: { Range: "bytes=0-0" } }) // what is kept was not asked for by a script
        .then(async (answer) => show(note, answer.ok ? { code: "No preview", message: "The browser cannot show this content." } : await problemOf(answer)))
        .catch(() => show(note, unreachable));
    };
    media.addEventListener("error", failed);
    if (media.complete && media.naturalWidth === 0 && media.tagName === "IMG") failed();
  }

  // A download is tried first, so that a denial is told here and not by a page of XML.
  document.querySelector("[data-download]")?.addEventListener("click", async (event) => {
    event.preventDefault();
    const place = document.querySelector("[data-download-problem]");
    place.replaceChildren();
    try {
      const answer = await fetch(event.currentTarget?.href || document.querySelector("[data-download]").href, { headers: { Range: "bytes=0-0" } });
      if (answer.ok || answer.status === 416) return location.assign(document.querySelector("[data-download]").href);
      show(place, await problemOf(answer));
    } catch {
      show(place, unreachable);
    }
  });
}
