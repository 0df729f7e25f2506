(() => {
  "use strict";
  const told = document.getElementById("told");
  const rows = [...document.querySelectorAll("#matrix tbody tr")];
  const chips = [...document.querySelectorAll("#legend button")];

  // A cell says what came of it, under the pointer as well as under the keyboard.
  const tell = event => {
    const cell = event.target.closest?.("#matrix td a");
    if (cell) told.textContent = cell.title;
  };
  document.addEventListener("pointerover", tell);
  document.addEventListener("focusin", tell);

  // Chips leave only the tests that ended so somewhere; none pressed leaves all.
  const filter = () => {
    const wanted = chips.filter(c => c.ariaPressed === "true").map(c => c.dataset.outcome);
    for (const row of rows)
      row.hidden = wanted.length > 0 && ![...row.querySelectorAll("a")].some(a => wanted.includes(a.dataset.outcome));
  };
  for (const chip of chips)
    chip.addEventListener("click", () => {
      chip.ariaPressed = String(chip.ariaPressed !== "true");
      filter();
    });

  for (const button of document.querySelectorAll(".copy"))
    button.addEventListener("click", () => {
      const command = document.createRange();
      command.selectNodeContents(button.previousElementSibling);
      getSelection().removeAllRanges();
      getSelection().addRange(command);
      document.execCommand("copy");   // the clipboard API is closed to pages opened from a file
      button.textContent = "Copied";
    });
})();
