import { createHash } from 'node:crypto';

const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f3f5f8; --card: #fff; --line: #7a8699; --text: #18202b; --quiet: #4c5768;
  --accent: #1257b8; --on-accent: #fff; --error: #a3141f; --error-page: #fdecec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10151c; --card: #1a212b; --line: #7b899d; --text: #eaeef4; --quiet: #b4bfcd;
    --accent: #8ab8ff; --on-accent: #0b1d38; --error: #ffb3b3; --error-page: #3a1c20;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; padding: 1.5rem 1rem; display: grid; place-items: center;
  background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
}
main {
  width: 100%; max-width: 26rem; padding: 2rem 1.75rem; border-radius: 0.75rem; background: var(--card);
  box-shadow: 0 1px 3px rgb(0 0 0 / 0.18), 0 8px 28px rgb(0 0 0 / 0.1);
}
.product { margin: 0; color: var(--quiet); letter-spacing: 0.02em; }
h1 { margin: 0 0 1.25rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
label { display: block; margin-bottom: 0.375rem; font-weight: 600; }
input, button, .button {
  display: block; width: 100%; min-height: 2.875rem; padding: 0.625rem 0.875rem; border-radius: 0.5rem; font: inherit;
}
input { border: 1px solid var(--line); background: var(--card); color: var(--text); }
button, .button {
  margin-top: 1rem; border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent);
  font-weight: 600; text-align: center; text-decoration: none; cursor: pointer;
}
button.second { background: transparent; color: var(--accent); }
button:disabled { opacity: 0.6; cursor: progress; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.hint { margin: 0.5rem 0 0; color: var(--quiet); font-size: 0.9rem; }
code { font-size: 0.95em; }
.error {
  margin: 0 0 1rem; padding: 0.625rem 0.875rem; border-radius: 0.5rem; border-left: 4px solid var(--error);
  background: var(--error-page); color: var(--error);
}
`;

/** Addresses are relative, because a reverse proxy may add a path prefix. */
const SCRIPT = `
'use strict';
const NEXT = 'docs';
const part = (id) => document.getElementById(id);
const show = (id) => {
  for (const one of ['busy', 'form', 'signed-in']) part(one).hidden = one !== id;
};
const showError = (text) => {
  part('error').hidden = text === null;
  part('error').textContent = text ?? '';
  part('key').setAttribute('aria-invalid', String(text !== null));
};
const ask = async (method, path, body) => {
  const options = { method, headers: { Accept: 'application/json' } };
  if (body !== undefined) {
    options.headers['Content-Type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  const answer = await fetch('api/v1/' + path, options);
  const content = answer.status === 204 ? null : await answer.json().catch(() => null);
  return { status: answer.status, ok: answer.ok, content };
};
const reasonOf = ({ status, content }) => {
  if (status !== 429) return content?.detail ?? 'The server has answered with status ' + status + '.';
  return (content?.detail ?? '') + ' Try again in ' + (content?.retry_after ?? 60) + ' s.';
};
const signIn = async (body) => {
  showError(null);
  const answer = await ask('POST', 'sessions', body);
  if (answer.ok) return location.replace(NEXT);
  show('form');
  showError(reasonOf(answer));
  part('key').focus();
};
const guarded = async (work) => {
  for (const button of document.querySelectorAll('button')) button.disabled = true;
  try {
    await work();
  } catch {
    show('form');
    showError('The server does not answer. Check that acefleet is running, and try again.');
  }
  for (const button of document.querySelectorAll('button')) button.disabled = false;
};
const showPresent = async () => {
  const { ok, content } = await ask('GET', 'sessions/current');
  if (!ok) {
    show('form');
    return part('key').focus();
  }
  const by = content.signed_in_with === 'link' ? 'a one-time link' : content.signed_in_with;
  part('account').textContent = 'This browser is signed in with ' + by + ' (scope ' + content.scope + ').';
  show('signed-in');
};
part('form').addEventListener('submit', (event) => {
  event.preventDefault();
  void guarded(() => signIn({ key: part('key').value.trim() }));
});
part('sign-out').addEventListener('click', () => {
  void guarded(async () => {
    await ask('DELETE', 'sessions/current');
    await showPresent();
  });
});
const start = () => {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  // At once, so that the token is neither in the history nor in a bookmark.
  if (location.hash !== '') history.replaceState(null, '', location.pathname);
  show('busy');
  void guarded(() => (token === null ? showPresent() : signIn({ token })));
};
addEventListener('hashchange', () => {
  if (location.hash !== '') start();
});
start();
`;

/** The page where a browser signs in, with a key or with the token in its fragment. */
export const LOGIN_PAGE = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · acefleet</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<p class="product">acefleet</p>
<h1>Sign in</h1>
<p class="error" id="error" role="alert" hidden></p>
<p id="busy" role="status">One moment…</p>
<form id="form" method="post" hidden>
<label for="key">API key</label>
<input id="key" type="password" required maxlength="256" autocomplete="current-password" autocapitalize="none"
  spellcheck="false" aria-describedby="key-hint error">
<p class="hint" id="key-hint">On the server, <code>acefleet key</code> shows the main key, and
<code>acefleet login</code> prints a link that signs you in without it.</p>
<button type="submit">Sign in</button>
</form>
<div id="signed-in" hidden>
<p id="account" role="status"></p>
<a class="button" href="docs">Continue</a>
<button class="second" id="sign-out" type="button">Sign out</button>
</div>
<noscript><p>This page needs JavaScript.</p></noscript>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;

/** The page may only run the script and the style that are part of it, and only speak to this server. */
export const LOGIN_PAGE_POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "connect-src 'self'",
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}
