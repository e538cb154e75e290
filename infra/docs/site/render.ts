import MarkdownIt from 'markdown-it';

/** A heading of a page, and the text below it. */
export interface Section {
  readonly level: number;
  readonly title: string;
  readonly anchor: string;
  text: string;
}

/** A page as HTML. */
export interface Rendered {
  readonly title: string;
  readonly html: string;
  readonly sections: readonly Section[];
}

/** An anchor as GitHub makes it of a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

const plain = (markdown: string): string => markdown.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');

/**
 * Make HTML of Markdown. HTML within it is shown as text, but for comments, which are left out.
 *
 * @param resolve - what a link or a picture of the page leads to in the site; undefined for what is no link there
 */
export const render = (markdown: string, resolve: (target: string) => string | undefined): Rendered => {
  const md = new MarkdownIt({ html: false, linkify: false });
  const sections: Section[] = [];
  const seen = new Map<string, number>();
  md.core.ruler.push('ebbtide', (state) => {
    state.tokens.forEach((token, at) => {
      const inline = state.tokens[at + 1];
      if (token.type === 'heading_open') {
        const title = plain(inline!.content);
        const plainAnchor = anchorOf(title);
        const times = seen.get(plainAnchor) ?? 0;
        seen.set(plainAnchor, times + 1);
        const anchor = times === 0 ? plainAnchor : `${plainAnchor}-${times}`;
        token.attrSet('id', anchor);
        sections.push({ level: Number(token.tag[1]), title, anchor, text: '' });
      } else if (token.type === 'inline' && state.tokens[at - 1]?.type !== 'heading_open') {
        const section = sections.at(-1);
        if (section) section.text += `${plain(token.content)} `;
      }
      for (const child of token.children ?? [])
        for (const name of ['href', 'src']) {
          const target = child.attrGet(name);
          if (target === null) continue;
          const to = resolve(String(target));
          if (to !== undefined) child.attrSet(name, to);
          else child.attrs = (child.attrs ?? []).filter(([attribute]) => attribute !== name);
        }
    });
  });
  const html = md
    .render(markdown.replace(/<!--[\s\S]*?-->\n*/g, ''))
    .replaceAll('<table>', '<div class="wide" tabindex="0"><table>')
    .replaceAll('</table>', '</table></div>')
    .replaceAll('<pre>', '<pre tabindex="0">');
  return { title: sections[0]?.title ?? '', html, sections };
};
