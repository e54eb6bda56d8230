"use strict";
const form = document.querySelector("form");
const told = document.querySelector("output");
const sealed = document.getElementById("sealed");
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!globalThis.crypto?.subtle) { told.textContent = form.dataset.old; return; }
  told.textContent = form.dataset.opening;
  const password = new TextEncoder().encode(form.elements[0].value.normalize("NFC"));
  const raw = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveKey"]);
  const derivation = {
    name: "PBKDF2",
    hash: "SHA-256",
    salt: bytes(sealed.dataset.salt),
    iterations: Number(sealed.dataset.rounds),
  };
  const kind = { name: "AES-GCM", length: 256 };
  const key = await crypto.subtle.deriveKey(derivation, raw, kind, false, ["decrypt"]);
  const cipher = { name: "AES-GCM", iv: bytes(sealed.dataset.nonce) };
  let page;
  try {
    page = await crypto.subtle.decrypt(cipher, key, bytes(sealed.textContent));
  } catch {
    told.textContent = form.dataset.wrong;
    form.elements[0].select();
    return;
  }
  document.open();
  document.write(new TextDecoder().decode(page));
  document.close();
});
