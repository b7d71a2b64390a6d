// Show a page of the course, as it stands in the project.
import { show } from "./markdown.js";

const NAMES = ["README.md", "tour.md", "questions.md", "loans/README.md"];

const asked = new URLSearchParams(location.search).get("page");
const name = NAMES.includes(asked) ? asked : NAMES[0];
const url = new URL(`../${name}`, location.href);
const response = await fetch(url);
const place = document.getElementById("page");
if (response.ok) {
  show(await response.text(), place, url, 0);
  document.title = place.querySelector("h1")?.textContent ?? document.title;
  // The heading was not there yet when the browser looked for it.
  document.getElementById(decodeURIComponent(location.hash.slice(1)))
    ?.scrollIntoView();
} else {
  place.textContent = `${url} is not there`;
}
