// Runs before the first paint: ?theme= wins over the stored choice, that over the system's.
const asked = new URLSearchParams(location.search).get('theme');
let stored: string | null = null;
try {
  stored = localStorage.getItem('track.theme');
} catch {
  stored = null; // storage is switched off: the system decides
}
const choice = asked === 'dark' || asked === 'light' ? asked : stored;
const dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
document.documentElement.dataset.theme = dark ? 'dark' : 'light';
