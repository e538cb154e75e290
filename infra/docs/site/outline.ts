/** The order of the site's pages; what stands in no group is refused. */
export const outline: readonly (readonly [group: string, pages: readonly string[]])[] = [
  ['Begin', ['README.md', 'docs/quickstart.md', 'docs/concepts.md', 'docs/comparison.md']],
  ['Guides', ['docs/guides/life.md', 'docs/guides/scope.md', 'docs/guides/readiness.md', 'docs/guides/keys.md']],
  [
    'Systems',
    [
      'docs/lifecycle.md',
      'docs/models.md',
      'docs/scope.md',
      'docs/gateway.md',
      'docs/access.md',
      'docs/provisioning.md',
      'docs/biometric.md',
      'docs/keyhost.md',
      'docs/signals.md',
      'docs/replay.md',
    ],
  ],
  [
    'Operate',
    [
      'docs/deployment.md',
      'docs/console.md',
      'docs/people.md',
      'docs/operations.md',
      'docs/observability.md',
      'docs/runbook.md',
      'docs/alerts.md',
      'docs/tracing.md',
      'docs/troubleshooting.md',
    ],
  ],
  ['Trust', ['docs/security.md', 'docs/privacy.md', 'SECURITY.md', 'docs/evaluation.md', 'test/bench/README.md']],
  ['Reference', ['docs/configuration.md', 'docs/cli.md', 'docs/topics.md', 'docs/apis.md', 'docs/architecture.md']],
  ['Project', ['CONTRIBUTING.md', 'examples/night-watch/README.md', 'CHANGELOG.md']],
];

/** Where a page stands in the site; what is not of `docs` lies beneath `project`, so that no two share an address. */
export const addressOf = (page: string): string => {
  if (page === 'README.md') return 'index.html';
  if (page.startsWith('docs/')) return page.replace(/^docs\//, '').replace(/\.md$/, '.html');
  return `project/${page
    .replace(/\/README\.md$/, '.md')
    .replace(/\.md$/, '.html')
    .toLowerCase()}`;
};
