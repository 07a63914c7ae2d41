// Where a browser stores nothing, as with all cookies blocked, even asking for its storage throws, and half of the time
// Gradio's own scripts then stop before they show the page. Until the page is left, memory does as well.
for (const name of ['localStorage', 'sessionStorage']) {
  try {
    void window[name].length;
  } catch {
    const kept = new Map();
    Object.defineProperty(window, name, {value: {
      getItem: key => kept.get(String(key)) ?? null,
      setItem: (key, value) => { kept.set(String(key), String(value)); },
      removeItem: key => { kept.delete(String(key)); },
      clear: () => kept.clear(),
      key: index => [...kept.keys()][index] ?? null,
      get length() { return kept.size; },
    }});
  }
}
