// What tests ask of a page. It is an object, which browser_test.go puts before each question: nothing of it stays.
({
  clean(text) { return (text || "").replace(/\s+/g, " ").trim(); },
  visible(el) {
    if (!el.checkVisibility({ visibilityProperty: true })) return false;
    const r = el.getBoundingClientRect();
    return r.width > 0 && r.height > 0;
  },
  // named says what a person calls a thing to click.
  named(el) { return this.clean(el.getAttribute("aria-label") || el.textContent || el.value || el.title); },
  // own is the text of a label itself, without what explains it or stands in its field.
  own(el) { return this.clean([...el.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE).map((n) => n.data).join(" ")); },
  // best returns the first of the things whose text is what is asked for, or else begins with it, or else has it.
  best(things, texts, want) {
    for (const fits of [(t) => t === want, (t) => t.startsWith(want), (t) => t.includes(want)]) {
      const found = things.find((el) => texts(el).some(fits));
      if (found) return found;
    }
    return null;
  },
  // within is the smallest part of the page with a text: a row, an item, a form, a card.
  within(text) {
    if (!text) return document;
    const parts = [...document.querySelectorAll("tr, li, article, form, .card, details, fieldset, section, [role=row], dialog")]
      .filter((el) => this.visible(el) && this.clean(el.innerText).includes(text));
    return parts.sort((a, b) => a.textContent.length - b.textContent.length)[0] || null;
  },
  clickable(where, want) {
    const root = this.within(where);
    if (!root) return null;
    const at = /^(\w+):(.+)$/.exec(want);
    if (at && at[1] === "do") return [...root.querySelectorAll("button[name=do]")].find((el) => el.value === at[2] && this.visible(el)) || null;
    if (at && at[1] === "css") return [...root.querySelectorAll(at[2])].find((el) => this.visible(el)) || null;
    const things = [...root.querySelectorAll("a[href], button, summary, [role=button], [role=tab], [role=menuitem], [role=treeitem], input[type=submit]")].filter((el) => this.visible(el));
    return this.best(things, (el) => [this.named(el), this.clean(el.innerText)], want);
  },
  field(where, want) {
    const root = this.within(where);
    if (!root) return null;
    const fields = [...root.querySelectorAll("input:not([type=hidden]), select, textarea")].filter((el) => {
      const labels = [...(el.labels || [])];
      return this.visible(el) || labels.some((l) => this.visible(l));
    });
    return this.best(fields, (el) => {
      const labels = [...(el.labels || [])];
      const texts = labels.flatMap((l) => [this.own(l), this.clean(l.innerText)]);
      const aria = el.getAttribute("aria-label");
      if (aria) texts.push(aria);
      return texts.filter((t) => t);
    }, want) || fields.find((el) => el.name === want) || null;
  },
  option(where, group, want) {
    const root = this.within(where);
    if (!root) return null;
    const options = [...root.querySelectorAll("input[type=radio], input[type=checkbox]")].filter((el) => !group || el.name === group);
    return this.best(options, (el) => [...(el.labels || [])].flatMap((l) => [this.own(l), this.clean(l.innerText)]).concat(el.value), want);
  },
  // spot is where to click an element: {x, y}, or {why} there is none yet.
  async spot(el) {
    if (!el) return { why: "it is not there" };
    if (el.disabled || el.getAttribute("aria-disabled") === "true") return { why: "it is disabled" };
    const target = this.visible(el) ? el : [...(el.labels || [])].find((l) => this.visible(l));
    if (!target) return { why: "it is not visible" };
    const place = () => { const r = target.getBoundingClientRect(); return [r.x, r.y, r.width, r.height].join(); };
    target.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
    const before = place();
    await new Promise((go) => setTimeout(go, 20));
    if (place() !== before || !target.isConnected) return { why: "it moves" };
    const r = [...target.getClientRects()].find((r) => r.width > 0 && r.height > 0);
    const x = Math.min(Math.max(r.x + r.width / 2, 0), innerWidth - 1), y = r.y + r.height / 2;
    const hit = document.elementFromPoint(x, y);
    if (!hit) return { why: "it is outside of the window" };
    const label = hit.closest("label");
    if (target.contains(hit) || hit.contains(target) && hit.closest("label, button, a, summary") || label && label.control === el) return { x, y };
    return { why: "it is covered by <" + hit.tagName.toLowerCase() + " class=" + hit.className + ">" };
  },
  // quiet says whether nothing of the page is under way.
  // An image that is still loading moves what stands below it when it comes.
  quiet() { return document.readyState === "complete" && [...document.images].every((image) => image.complete) && !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling"); },
  text() { return this.clean(document.body ? document.body.innerText : ""); },
})
