"use strict";
// Empties a bucket, batch by batch, until nothing is left or somebody stops it. Each batch is a request of its own, so
// that it can be stopped and begun again at any time.
{
  const form = document.getElementById("empty");
  const [start, stop, progress, errors] = ["button[name=do]", "[data-stop]", "[data-progress]", "[data-errors]"].map((what) => form.querySelector(what));
  let running = false;

  const tell = (problem) => {
    const item = document.createElement("li");
    item.textContent = problem.RequestID ? `${problem.Code}: ${problem.Message} (request ${problem.RequestID}) ` : problem.Message;
    if (problem.Why) {
      const why = document.createElement("a");
      why.href = problem.Why;
      why.textContent = "Why?";
      item.append(why);
    }
    errors.append(item);
  };

  const run = async () => {
    let [deleted, failed, failures] = [0, 0, 0];
    let [keyMarker, versionIdMarker] = ["", ""];
    while (running) {
      let batch;
      try {
        const answer = await fetch(location.href, {
          method: "POST",
          headers: { "HX-Request": "true" },
          body: new URLSearchParams({ do: "empty", csrf: form.elements.csrf.value, confirm: form.elements.confirm.value, keyMarker, versionIdMarker }),
        });
        if (answer.status === 401) return location.assign("/signin");
        batch = await answer.json();
        failures = 0;
      } catch {
        if (++failures > 5) return tell({ Message: "The console does not answer. Begin again to go on." });
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** failures));
        continue;
      }
      if (batch.Problem) return tell(batch.Problem);
      deleted += batch.Deleted;
      failed += batch.Failed;
      for (const text of batch.Errors || []) if (errors.childElementCount < 20) tell({ Message: text });
      const rest = failed ? `, ${failed.toLocaleString("en")} could not be` : "";
      progress.textContent = `${deleted.toLocaleString("en")} versions and delete markers deleted${rest}${batch.More ? " …" : ". Nothing more is there."}`;
      if (!batch.More) return;
      [keyMarker, versionIdMarker] = [batch.KeyMarker, batch.VersionIDMarker];
    }
    progress.textContent += " Stopped.";
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (running) return;
    errors.replaceChildren();
    running = true;
    start.disabled = true;
    stop.hidden = false;
    await run();
    running = false;
    start.disabled = false;
    stop.hidden = true;
  });
  stop.addEventListener("click", () => { running = false; });
}
