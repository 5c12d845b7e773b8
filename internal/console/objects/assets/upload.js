"use strict";
// Uploads of files, straight from the browser to the API by requests that the console signs: several at once, large ones in
// parts, with pause, cancel, retries, and going on after the page was left. What is needed for that is kept in
// localStorage: which upload of which file it is, and no content.
{
  const form = document.getElementById("upload");
  const MiB = 1024 * 1024;
  const alone = 16 * MiB; // larger files are uploaded in parts
  const partSize = 8 * MiB;
  const mostParts = 10000;
  const parallel = 3;
  const attempts = 8;
  const find = (what) => form.querySelector(what);
  const body = find("[data-table] tbody");
  const [start, pauseAll, clear, total] = ["[data-start]", "[data-pause-all]", "[data-clear]", "[data-total]"].map(find);
  const uploads = [];

  // CRC-32 as in RFC 1952, eight bytes at a time, in base64, big-endian.
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    tables[0][n] = c;
  }
  for (let n = 0; n < 256; n++) for (let t = 1; t < 8; t++) tables[t][n] = tables[0][tables[t - 1][n] & 255] ^ (tables[t - 1][n] >>> 8);
  const crc32 = async (blob) => {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
    let c = -1, i = 0;
    for (; i + 8 <= bytes.length; i += 8) {
      c ^= bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 | bytes[i + 3] << 24;
      c = t7[c & 255] ^ t6[c >>> 8 & 255] ^ t5[c >>> 16 & 255] ^ t4[c >>> 24] ^ t3[bytes[i + 4]] ^ t2[bytes[i + 5]] ^ t1[bytes[i + 6]] ^ t0[bytes[i + 7]];
    }
    for (; i < bytes.length; i++) c = t0[(c ^ bytes[i]) & 255] ^ (c >>> 8);
    c = ~c >>> 0;
    return btoa(String.fromCharCode(c >>> 24, c >>> 16 & 255, c >>> 8 & 255, c & 255));
  };

  // remembered reads what localStorage has; null for nothing, or for what cannot be read.
  const remembered = (text) => { try { return JSON.parse(text); } catch { return null; } };

  class Stopped extends Error {}
  class Refused extends Error {
    constructor(problem) { super(problem.Message); this.problem = problem; }
  }
  class Lost extends Error {} // may work if it is tried again

  // Requests with content, of which only so many are under way.
  let free = parallel;
  const queue = [];
  const take = () => new Promise((resolve) => { if (free > 0) { free--; resolve(); } else queue.push(resolve); });
  const give = () => { const next = queue.shift(); if (next) next(); else free++; };

  // options are what the form says when an upload begins.
  const options = () => {
    const out = [];
    for (const name of ["storageClass", "acl", "tagKey", "tagValue", "metaKey", "metaValue"]) {
      for (const field of form.querySelectorAll(`[name=${name}]`)) out.push([name, field.value]);
    }
    return out;
  };

  // ask asks the console.
  const ask = async (action, fields) => {
    let answer;
    try {
      answer = await fetch(form.dataset.url, { method: "POST", headers: { "HX-Request": "true", "X-CSRF-Token": form.elements.csrf.value }, body: new URLSearchParams([["do", action], ...fields]) });
    } catch {
      throw new Lost("The console does not answer.");
    }
    if (answer.status === 401) throw new Refused({ Message: "Your session has ended. Sign in again, and choose the file again to go on." });
    if (answer.status >= 500) throw new Lost("The console does not answer.");
    let told;
    try {
      told = await answer.json();
    } catch {
      throw new Refused({ Message: "The console did not take the request. Load the page again, and choose the file again to go on." });
    }
    const problem = told.Problem;
    if (problem && (problem.Status >= 500 || problem.Status === 429)) throw new Lost(problem.Message);
    if (problem) throw new Refused(problem);
    return told;
  };

  class Upload {
    constructor(file, key) {
      Object.assign(this, { file, key, state: "waiting", parts: new Map(), sent: new Map(), requests: new Set(), options: [] });
      this.size = Math.max(partSize, Math.ceil(file.size / mostParts / MiB) * MiB);
      this.draw();
    }

    get large() { return this.file.size > alone; }
    get count() { return Math.ceil(this.file.size / this.size); }
    get memory() { return "crossgrant-upload " + JSON.stringify([form.dataset.account, form.dataset.bucket, this.key, this.file.name, this.file.size, this.file.lastModified]); }
    get names() { return [["key", this.key], ["uploadId", this.id]]; }
    done() {
      let sum = 0;
      for (const n of this.sent.values()) sum += n;
      return this.state === "done" ? this.file.size : Math.min(sum, this.file.size);
    }

    draw() {
      const cell = (row, kind = "td") => row.appendChild(document.createElement(kind));
      this.row = body.appendChild(document.createElement("tr"));
      cell(this.row).textContent = this.key;
      const size = cell(this.row);
      size.className = "number";
      size.textContent = human(this.file.size);
      this.bar = cell(this.row).appendChild(document.createElement("progress"));
      this.bar.max = 1;
      this.bar.setAttribute("aria-label", "Progress of " + this.key);
      this.told = cell(this.row);
      const buttons = cell(this.row);
      buttons.className = "nowrap";
      const button = (text, act) => {
        const b = buttons.appendChild(document.createElement("button"));
        b.type = "button";
        b.className = "small";
        b.append(text);
        const of = b.appendChild(document.createElement("span"));
        of.className = "hidden-label";
        of.textContent = " " + this.key;
        b.addEventListener("click", act);
        buttons.append(" ");
        return b;
      };
      this.pauseButton = button("Pause", () => this.pause());
      this.resumeButton = button("Resume", () => { this.state = "waiting"; this.update(); pump(); });
      this.cancelButton = button("Cancel", () => this.cancel());
      this.update();
    }

    update() {
      this.bar.value = this.file.size ? this.done() / this.file.size : Number(this.state === "done");
      const texts = { waiting: "Waiting", paused: "Paused", done: "Uploaded", cancelled: "Cancelled" };
      if (this.state === "failed") this.tell();
      else this.told.textContent = texts[this.state] || this.trouble || `${Math.floor(this.bar.value * 100)} %`;
      this.pauseButton.hidden = this.state !== "running" && this.state !== "waiting";
      this.resumeButton.firstChild.data = this.state === "failed" ? "Try again" : "Resume";
      this.resumeButton.hidden = this.state !== "paused" && this.state !== "failed";
      this.cancelButton.hidden = this.state === "done" || this.state === "cancelled";
      this.row.dataset.state = this.state;
      summarize();
    }

    tell() {
      const p = this.problem || { Message: "It failed." };
      const text = document.createElement("span");
      text.className = "denied-text";
      text.textContent = (p.Code ? p.Code + ": " : "") + p.Message;
      this.told.replaceChildren(text);
      if (p.Why) {
        const why = document.createElement("a");
        why.className = "button small why";
        why.href = p.Why;
        why.textContent = "Why?";
        this.told.append(" ", why);
      }
    }

    stop(state) {
      this.state = state;
      for (const request of this.requests) request.abort();
      this.update();
    }
    pause() { this.stop("paused"); }
    async cancel() {
      this.stop("cancelled");
      localStorage.removeItem(this.memory);
      if (this.id) try { await ask("abort", this.names); } catch { /* it is among the unfinished uploads */ }
      pump();
    }

    async run() {
      this.state = "running";
      this.problem = this.trouble = null;
      this.update();
      try {
        if (this.large) await this.inParts();
        else await this.whole();
        this.state = "done";
        localStorage.removeItem(this.memory);
      } catch (err) {
        if (!(err instanceof Stopped) && this.state === "running") {
          this.problem = err.problem || { Message: err.message };
          this.stop("failed");
        }
      }
      this.update();
    }

    // again tries something until it works, more and more slowly. What is refused is not tried again.
    async again(what) {
      for (let n = 1; ; n++) {
        if (this.state !== "running") throw new Stopped();
        try {
          const out = await what();
          this.trouble = null;
          return out;
        } catch (err) {
          if (this.state !== "running") throw new Stopped();
          if (!(err instanceof Lost) || n >= attempts) throw err;
          this.trouble = "Trying again …";
          this.update();
          await new Promise((resolve) => setTimeout(resolve, Math.min(30000, 500 * 2 ** n) * (0.5 + Math.random() / 2)));
        }
      }
    }

    async whole() {
      const type = [["contentType", this.file.type]];
      await this.again(() => this.transfer(0, this.file, "put", [["key", this.key], ...type, ...this.options]));
    }

    async inParts() {
      await this.begin();
      const todo = [];
      for (let n = 1; n <= this.count; n++) if (!this.parts.has(n)) todo.push(n);
      const work = async () => {
        for (let n = todo.shift(); n; n = todo.shift()) {
          const part = this.file.slice((n - 1) * this.size, n * this.size);
          this.parts.set(n, await this.again(() => this.transfer(n, part, "sign", [...this.names, ["part", n]])));
        }
      };
      const results = await Promise.allSettled(Array.from({ length: parallel }, () => work().catch((err) => { todo.length = 0; throw err; })));
      const failed = results.find((r) => r.status === "rejected");
      if (failed) throw failed.reason;
      const parts = [...this.parts].sort(([a], [b]) => a - b).map(([n, p]) => `${n}/${p.etag}/${p.crc32}`).join(",");
      await this.again(() => ask("complete", [...this.names, ["parts", parts]]));
    }

    // begin begins an upload in parts, or finds the one that this browser had begun, and what is there of it.
    async begin() {
      const kept = remembered(localStorage.getItem(this.memory));
      if (kept) {
        this.id = kept.id;
        this.size = kept.size;
        try {
          const { Parts } = await this.again(() => ask("parts", this.names));
          this.parts.clear();
          this.sent.clear();
          for (const p of Parts) {
            if (p.Size !== Math.min(this.size, this.file.size - (p.N - 1) * this.size)) continue;
            this.parts.set(p.N, { etag: p.ETag, crc32: p.CRC32 });
            this.sent.set(p.N, p.Size);
          }
          this.update();
          return;
        } catch (err) {
          if (err.problem?.Code !== "NoSuchUpload") throw err;
          localStorage.removeItem(this.memory);
          this.parts.clear();
          this.sent.clear();
        }
      }
      const { UploadID } = await this.again(() => ask("create", [["key", this.key], ["contentType", this.file.type], ...this.options]));
      this.id = UploadID;
      localStorage.setItem(this.memory, JSON.stringify({ id: this.id, size: this.size }));
    }

    // transfer sends a part of the file, or all of it, with its checksum.
    async transfer(n, content, action, fields) {
      await take();
      try {
        if (this.state !== "running") throw new Stopped();
        let sum;
        try {
          sum = await crc32(content);
        } catch {
          throw new Refused({ Message: "The file cannot be read any more. It may have changed: choose it again." });
        }
        const request = await ask(action, [...fields, ["crc32", sum]]);
        if (this.state !== "running") throw new Stopped();
        return { etag: await this.send(n, request, content), crc32: sum };
      } finally {
        give();
      }
    }

    send(n, signed, content) {
      return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        const lost = (text) => { this.sent.delete(n); reject(new Lost(text)); };
        this.requests.add(request);
        request.open(signed.Method, signed.URL);
        for (const [name, value] of Object.entries(signed.Headers)) request.setRequestHeader(name, value);
        request.upload.addEventListener("progress", (event) => { this.sent.set(n, event.loaded); this.update(); });
        request.addEventListener("loadend", () => this.requests.delete(request));
        request.addEventListener("abort", () => { this.sent.delete(n); reject(new Stopped()); });
        request.addEventListener("error", () => lost("The API does not answer, or your browser may not reach it."));
        request.addEventListener("load", () => {
          if (request.status === 200) {
            this.sent.set(n, content.size);
            this.update();
            return resolve((request.getResponseHeader("ETag") || "").replaceAll('"', ""));
          }
          const xml = new DOMParser().parseFromString(request.responseText, "application/xml");
          const of = (name) => xml.querySelector(`Error > ${name}`)?.textContent || "";
          const problem = { Code: of("Code") || `HTTP ${request.status}`, Message: of("Message"), RequestID: of("RequestId") };
          if (problem.Code === "AccessDenied" && problem.RequestID) problem.Why = "/why/requests/" + encodeURIComponent(problem.RequestID);
          if (request.status >= 500 || request.status === 429 || request.status === 408 || problem.Code === "RequestTimeout") return lost(problem.Message || problem.Code);
          this.sent.delete(n);
          reject(new Refused(problem));
        });
        request.send(content);
      });
    }
  }

  const human = (n) => {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let i = 0;
    for (; n >= 1024 && i < units.length - 1; i++) n /= 1024;
    return `${n >= 10 || i === 0 ? Math.round(n) : n.toFixed(1)} ${units[i]}`;
  };

  let announced = false;
  function summarize() {
    const counted = uploads.filter((u) => u.state !== "cancelled");
    const of = (state) => counted.filter((u) => u.state === state).length;
    const bytes = counted.reduce((sum, u) => sum + u.file.size, 0);
    const sent = counted.reduce((sum, u) => sum + u.done(), 0);
    const active = of("running") + of("waiting") > 0;
    find("[data-table]").hidden = uploads.length === 0;
    total.hidden = !uploads.some((u) => u.state !== "waiting");
    total.querySelector("progress").value = bytes ? sent / bytes : 1;
    const text = [`${of("done")} of ${counted.length} uploaded`, of("failed") && `${of("failed")} failed`, of("paused") && `${of("paused")} paused`].filter(Boolean).join(", ") + ".";
    const line = total.querySelector("p");
    if (line.textContent !== text) line.textContent = text;
    start.disabled = !uploads.some((u) => u.state === "waiting") || running;
    pauseAll.hidden = !running;
    clear.hidden = active || uploads.length === 0;
    if (running && !active) {
      running = false;
      start.disabled = true;
      pauseAll.hidden = true;
    }
    if (!active && of("done") > 0 && !announced) {
      announced = true;
      document.body.dispatchEvent(new Event("uploaded"));
    }
  }

  // pump begins what waits, a few files at once.
  let running = false;
  let working = 0;
  function pump() {
    running = true;
    announced = false;
    for (const upload of uploads) {
      if (working >= parallel) return;
      if (upload.state !== "waiting") continue;
      working++;
      upload.run().finally(() => { working--; if (uploads.some((u) => u.state === "waiting") && running) pump(); summarize(); });
    }
    summarize();
  }

  const add = (found) => {
    for (const [file, name] of found) uploads.push(new Upload(file, form.dataset.prefix + name));
    const names = find("[data-names]");
    names.replaceChildren(...uploads.filter((u) => u.state === "waiting").slice(0, 5).map((u) => {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = "file";
      field.value = u.key.slice(form.dataset.prefix.length);
      return field;
    }));
    form.dispatchEvent(new Event("change"));
    summarize();
  };

  for (const field of form.querySelectorAll("[data-files]")) {
    field.addEventListener("change", () => {
      add([...field.files].map((file) => [file, file.webkitRelativePath || file.name]));
      field.value = "";
    });
  }

  // Folders that are dropped are read as far as they go down.
  const walk = async (entry, into) => {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      into.push([file, entry.fullPath.replace(/^\//, "")]);
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const each of some) await walk(each, into);
    }
  };
  const drop = find("[data-drop]");
  for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
  drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const found = [];
    if (entries.length === 0) found.push(...[...event.dataTransfer.files].map((file) => [file, file.name]));
    for (const entry of entries) await walk(entry, found);
    add(found);
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const now = options();
    for (const upload of uploads) if (upload.state === "waiting") upload.options = now;
    pump();
  });
  pauseAll.addEventListener("click", () => {
    for (const upload of uploads) if (upload.state === "running" || upload.state === "waiting") upload.pause();
  });
  clear.addEventListener("click", () => {
    uploads.length = 0;
    body.replaceChildren();
    find("[data-names]").replaceChildren();
    summarize();
  });
  addEventListener("beforeunload", (event) => {
    if (uploads.some((u) => u.state === "running")) event.preventDefault();
  });

  // What this browser has begun here, and not finished.
  const resumable = [];
  for (let i = 0; i < localStorage.length; i++) {
    const name = localStorage.key(i);
    if (!name.startsWith("crossgrant-upload ")) continue;
    const [account, bucket, key, , size] = remembered(name.slice("crossgrant-upload ".length)) || [];
    if (account === form.dataset.account && bucket === form.dataset.bucket) resumable.push(`${key} (${human(size)})`);
  }
  if (resumable.length > 0) {
    const note = find("[data-resumable]");
    note.hidden = false;
    note.textContent = "Unfinished uploads of this browser: " + resumable.slice(0, 5).join(", ") + ". Choose the same file again to go on where it stopped.";
  }
}
