// Search over all pages, made when somebody first searches, and the list of pages closed on small screens.
const input = document.querySelector('#search');
const found = document.querySelector('#found');
const { up } = document.body.dataset;
let ready;

const load = () => {
  ready ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = `${up}search-index.js`;
    script.onerror = reject;
    script.onload = () => {
      const index = new globalThis.MiniSearch({
        fields: ['title', 'page', 'text'],
        storeFields: ['title', 'page', 'href'],
        searchOptions: { boost: { title: 4, page: 2 }, prefix: true, fuzzy: 0.15 },
      });
      index.addAll(globalThis.ebbtideIndex);
      resolve(index);
    };
    document.head.append(script);
  });
  return ready;
};

const show = async () => {
  const words = input.value.trim();
  const results = words === '' ? [] : (await load()).search(words).slice(0, 9);
  // What was asked meanwhile has an answer of its own
  if (words !== input.value.trim()) return;
  found.replaceChildren(
    ...results.map(({ title, page, href }) => {
      const item = document.createElement('li');
      const link = document.createElement('a');
      link.href = up + href;
      link.append(title);
      const about = document.createElement('small');
      about.append(page === title ? '' : page);
      link.append(about);
      item.append(link);
      return item;
    }),
  );
  if (words !== '' && results.length === 0) {
    const none = document.createElement('li');
    none.append('Nothing was found');
    found.append(none);
  }
};

input.addEventListener('focus', load, { once: true });
input.addEventListener('input', show);
document.addEventListener('keydown', (event) => {
  const links = [...found.querySelectorAll('a')];
  const at = links.indexOf(document.activeElement);
  if (event.key === '/' && document.activeElement !== input) input.focus();
  else if (event.key === 'Escape' && (at >= 0 || document.activeElement === input)) {
    input.value = '';
    found.replaceChildren();
    input.focus();
  } else if (event.key === 'ArrowDown' && (at >= 0 || document.activeElement === input)) links[at + 1]?.focus();
  else if (event.key === 'ArrowUp' && at >= 0) (links[at - 1] ?? input).focus();
  else if (event.key === 'Enter' && document.activeElement === input) links[0]?.click();
  else return;
  event.preventDefault();
});
if (matchMedia('(max-width: 60rem)').matches) document.querySelector('details.pages').open = false;
