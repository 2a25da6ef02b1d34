// The drawing of a process weighs four times the rest of the page: fetch it when it comes into sight.
const watcher = new IntersectionObserver(async (entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    const { draw } = await import(entry.target.dataset.module);
    await draw(entry.target);
  }
});
document.querySelectorAll('[data-diagram]').forEach((place) => watcher.observe(place));
