(() => {
  "use strict";
  // The first line of each block that never ran.
  const never = [...document.querySelectorAll(".source .never")].filter(line => !line.previousElementSibling?.classList.contains("never"));
  let at = -1;
  document.addEventListener("keydown", event => {
    const step = { n: 1, p: -1 }[event.key];
    if (!step || never.length === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    never[at]?.classList.remove("here");
    at = (Math.max(at, step < 0 ? 0 : at) + step + never.length) % never.length;
    never[at].classList.add("here");
    never[at].scrollIntoView({ block: "center" });
  });
})();
