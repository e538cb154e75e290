import type { Scenario } from './scenario.ts';

const token = 'token-of-the-identity-provider';

/** A receiver of shared signals that sets up its stream. */
export const signals: Scenario = {
  title: 'signals',
  tools: ['curl'],
  config: `signals:
  issuer: https://signals.example.com
  port: 0
  folder: signals
  transmitter:
    receivers:
      - name: identity-provider
        tokenFile: idp-receiver
        audience: [https://idp.example.com/ssf]
`,
  prepare: async ({ shell, write }) => {
    write('idp-receiver', token);
    const served = await shell.serve('ebbtide serve signals', /signals runs at \S+\n/);
    const address = /signals runs at (\S+)/.exec(served.said())![1]!;
    const { output } = await shell.run(
      `curl -sS -H "Authorization: Bearer ${token}" -H 'Content-Type: application/json' ${address}/ssf/streams -d '{}'`,
    );
    const { stream_id: stream } = JSON.parse(output) as { stream_id: string };
    return [
      ['https://signals.example.com', address],
      ['$TOKEN', token],
      ['2f1a…', 'secret-of-the-receiver'],
      ['"…"', `"${stream}"`],
    ];
  },
  commands: {
    'ebbtide serve signals': { says: /signals runs/, serves: true },
    [`curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' https://signals.example.com/ssf/streams -d '{
  "delivery": {
    "method": "urn:ietf:rfc:8935",
    "endpoint_url": "https://idp.example.com/events",
    "authorization_header": "Bearer 2f1a…"
  }}'`]: /"stream_id"/,
    'curl -H "Authorization: Bearer $TOKEN" https://signals.example.com/ssf/streams': /"stream_id"/,
    'curl -H "Authorization: Bearer $TOKEN" -H \'Content-Type: application/json\' https://signals.example.com/ssf/verify -d \'{"stream_id": "…", "state": "hello"}\'':
      /^(?![\s\S]*"status":4)/,
  },
};
