// Keeps the shell – styles, scripts, icons and the page without a connection – and nothing else: no page of the archive,
// no answer of the server. Generated: a changed file is another version, and another version another cache.
const NAME = "dossier-shell-" + {{ version|safe }};
const FILES = {{ files|safe }};
const OFFLINE = {{ page|safe }};

// Without a session: what is kept belongs to nobody. What the page has just fetched is asked after, not fetched again.
const anonymous = (address) => new Request(address, { credentials: "omit", cache: "no-cache" });

async function fill() {
  const cache = await caches.open(NAME);
  await cache.addAll([...FILES, OFFLINE].map(anonymous));
}

async function sweep() {
  for (const name of await caches.keys()) if (name !== NAME) await caches.delete(name);
}

// The server first, so that nobody sees yesterday's styles on today's page; what is kept, when it cannot be reached.
async function fetched(request, kept) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(kept)) ?? Response.error();
  }
}

self.addEventListener("install", (event) => event.waitUntil(fill().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(sweep().then(() => self.clients.claim())));
self.addEventListener("message", (event) => { if (event.data === "fill") event.waitUntil(fill()); });
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (FILES.includes(address.pathname)) event.respondWith(fetched(request, address.pathname));
  else if (request.mode === "navigate") event.respondWith(fetched(request, OFFLINE));
});
