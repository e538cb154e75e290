import { JSONParser } from '@streamparser/json';
import { z } from 'zod';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Gathering } from './gathering.ts';
import { patternIndicators } from './stixPattern.ts';
import { pageSeparator } from './taxiiPages.ts';

const indicatorObject = z.object({
  type: z.literal('indicator'),
  pattern: z.string().max(100_000),
  pattern_type: z.string().default('stix'),
  valid_from: z.string().optional(),
  valid_until: z.string().optional(),
  revoked: z.boolean().default(false),
  confidence: z.number().min(0).max(100).optional(),
});

/**
 * Reads a STIX 2.1 bundle or TAXII 2.1 envelopes, one after the other, piece by piece: objects are taken out of the array `objects` as they
 * come, and none is kept. Objects other than indicators are passed over.
 *
 * Source: STIX 2.1, section 4.7, https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html
 *
 * @param nowMs - indicators that become valid later are taken in once they are, epoch milliseconds
 */
export const stixReader = (
  feed: string,
  into: Gathering,
  nowMs: number,
): { write(bytes: Uint8Array): void; end(): void } => {
  const parser = new JSONParser({ paths: ['$.objects.*'], keepStack: false, separator: pageSeparator });
  let failure: Error | undefined;
  parser.onError = (error) => {
    failure ??= error;
  };
  let objects = 0;
  parser.onValue = ({ value }) => {
    objects++;
    if ((value as { type?: unknown } | null)?.type !== 'indicator') return;
    const parsed = indicatorObject.safeParse(value);
    if (!parsed.success) return into.malformed();
    take(parsed.data);
  };
  const take = (indicator: z.output<typeof indicatorObject>): void => {
    if (indicator.revoked) {
      into.leftOut.ended++;
      return;
    }
    const validFrom = indicator.valid_from === undefined ? nowMs : Date.parse(indicator.valid_from);
    if (validFrom > nowMs) {
      into.later(validFrom);
      return;
    }
    const found = indicator.pattern_type === 'stix' ? patternIndicators(indicator.pattern) : [];
    if (found.length === 0) into.notUnderstood();
    const validUntil = indicator.valid_until === undefined ? undefined : Date.parse(indicator.valid_until);
    for (const one of found) if (!into.add({ ...one, confidence: indicator.confidence, validUntil })) into.malformed();
  };
  const check = () => {
    if (failure)
      throw new EbbtideError('FEED_INVALID', `Feed ${feed} is not JSON: ${failure.message}`, { feed }, failure);
  };
  return {
    write(bytes) {
      if (!failure && !parser.isEnded) parser.write(bytes);
      check();
    },
    end() {
      if (!parser.isEnded) parser.end();
      check();
      if (objects === 0)
        throw new EbbtideError('FEED_INVALID', `Feed ${feed} has no array "objects", so that it is no STIX bundle`, {
          feed,
        });
    },
  };
};
