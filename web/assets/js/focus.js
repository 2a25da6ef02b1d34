// After a refusal the reader must land on the list of what to correct (WCAG 2.2, 3.3.1), both when the whole page
// was loaded and when htmx replaced a part of it.
function focusSummary() {
  document.querySelector('.summary[tabindex]')?.focus();
}

document.addEventListener('htmx:after:swap', focusSummary);
focusSummary();

// A link of the summary must put the caret into the field, not only scroll to it.
document.addEventListener('click', (event) => {
  const link = event.target.closest('.summary a[href^="#"]');
  if (!link) return;
  const field = document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  field.scrollIntoView({ block: 'center' });
  field.focus({ preventScroll: true });
});
