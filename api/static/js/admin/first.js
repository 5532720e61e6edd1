/* The first administrator: the secret is taken out of the address at once, and sent with the form. */
import { refuse, send } from "../import/steps.js";
import { Refused } from "../apply/requests.js";

const $ = (id) => document.getElementById(id);
const form = $("first");
const secret = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

function refused(detail) {
  refuse(new Refused({ detail }, 0));
}

if (!secret) {
  refused("地址不完整：请打开服务启动时打印的完整链接。");
  form.hidden = true;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { again, ...said } = Object.fromEntries(new FormData(form));
  $("failed").hidden = true;
  if (said.password !== again) return refused("两次输入的密码不一致。");
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  try {
    await send("POST", "/api/v1/first-administrator", { ...said, secret });
    form.reset();
    form.hidden = true;
    $("done").hidden = false;
  } catch (error) {
    refuse(error);
  } finally {
    button.disabled = false;
  }
  return undefined;
});
