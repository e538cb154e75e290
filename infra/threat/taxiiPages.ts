import { JSONParser } from '@streamparser/json';
import type { OutboundAnswer } from '../http/outbound.ts';

/** Stands between the pages of a collection where they are kept as one text (RFC 7464); no JSON holds it. */
export const pageSeparator = '\x1e';

/** Notes what an envelope says of further pages while it goes by. */
export interface PageWatch {
  write(piece: Uint8Array): void;
  /** URL of the next page, undefined where this was the last; `'unnamed'` where there is one and it is not said where. */
  next(): URL | 'unnamed' | undefined;
}

/** Whether an answer is a TAXII envelope, which may be a page of several. */
export const isEnvelope = ({ headers }: Pick<OutboundAnswer, 'headers'>): boolean =>
  /^application\/taxii\+json\b/i.test(String(headers['content-type'] ?? ''));

/**
 * Follows the pages of a TAXII 2.1 collection: by `next` of the envelope, else by the time at which the last object
 * was added.
 *
 * Source: TAXII 2.1, sections 3.4, 3.5 and 3.7, https://docs.oasis-open.org/cti/taxii/v2.1/os/taxii-v2.1-os.html
 *
 * @param url - of this page
 */
export const watchPage = (url: string, { headers }: Pick<OutboundAnswer, 'headers'>): PageWatch => {
  const parser = new JSONParser({ paths: ['$.more', '$.next'], keepStack: false });
  const said: { more?: unknown; next?: unknown } = {};
  let broken = false;
  parser.onValue = ({ key, value }) => {
    said[key as 'more' | 'next'] = value;
  };
  // Whoever reads the feed says what is wrong with it
  parser.onError = () => {
    broken = true;
  };
  return {
    write(piece) {
      if (!broken && !parser.isEnded) parser.write(piece);
    },
    next() {
      if (said.more !== true) return undefined;
      const at = new URL(url);
      const { next } = said;
      const last = headers['x-taxii-date-added-last'];
      if (typeof next === 'string' && next !== '') at.searchParams.set('next', next);
      else if (typeof last === 'string' && last !== '') {
        at.searchParams.delete('next');
        at.searchParams.set('added_after', last);
      } else return 'unnamed';
      return at;
    },
  };
};
