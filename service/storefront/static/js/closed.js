// A page that needs a sign-in: whoever has one that only has to be renewed sees the page itself.
import { account, proof } from "./tokens.js";

const TRIED = "vitrine.renewed";
if (account() && sessionStorage.getItem(TRIED) !== location.href) {
  sessionStorage.setItem(TRIED, location.href);
  if (await proof()) location.reload();
}
