/** Kinds of behaviour, as `telemetry.biometric` names them. */
export type Modality = 'keystroke' | 'mouse' | 'scroll' | 'touch' | 'application';

/** What the numbers of a burst are: the specification that its features follow. */
export type Specification = 'phrase' | 'typing' | 'movement' | 'gesture' | 'scrolling' | 'attention';

/** Features of one burst of behaviour; never text, never keys, never places on the page. */
export interface Burst {
  readonly modality: Modality;
  readonly specification: Specification;
  /** End of the burst, epoch milliseconds by the browser's clock. */
  readonly time: number;
  readonly features: Readonly<Record<string, number>>;
}

/** What a person allowed. */
export interface Consent {
  /** `authentication`: while signing in; `session`: that and afterwards. */
  readonly level: 'none' | 'authentication' | 'session';
  /** When, epoch milliseconds. */
  readonly at: number;
  /** Version of the text that was shown. */
  readonly text: string;
}

/** Takes bursts from the parts that watch. */
export type Sink = (burst: Burst) => void;
