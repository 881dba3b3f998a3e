/** Who may import whom (docs/architecture.md). An edge that is not in this table fails. */
const ALLOWED = {
  engine: [],
  data: [],
  io: [],
  paper: [],
  model: ['engine'],
  methods: ['model', 'engine'],
  eval: ['model', 'engine', 'data'],
  train: ['methods', 'model', 'engine', 'data', 'eval'],
  worker: ['engine', 'data', 'io', 'model', 'methods', 'eval', 'train'],
  cli: ['engine', 'data', 'io', 'paper', 'model', 'methods', 'eval', 'train', 'worker'],
  studio: ['paper'],
  recipe: [],
};

/** Files of other rooms that a room may import although it may not import the room. */
const ALLOWED_FILES = {
  studio: [
    'src/worker/client\\.ts',
    'src/model/selection\\.ts',
    'src/model/config\\.ts',
    'src/methods/formulas\\.ts',
    'src/data/hubDatasets\\.ts',
  ],
};

/** Only types, which leave no trace in the bundle. */
const ALLOWED_TYPES = {
  model: ['src/io/'],
  studio: ['src/worker/protocol\\.ts'],
  recipe: [],
};

const TESTS = '\\.(test|bench)\\.tsx?$';
// The seeded streams, the errors and the recipe are everyone's.
const EVERYONE = ['src/errors\\.ts', 'src/random\\.ts', 'src/recipe/'];

const rules = Object.entries(ALLOWED).map(([room, rooms]) => {
  const open = [
    `src/${room}/`,
    ...rooms.map((name) => `src/${name}/`),
    ...EVERYONE,
    ...(ALLOWED_FILES[room] ?? []),
  ];
  return {
    name: `${room}-imports`,
    severity: 'error',
    from: { path: `^src/${room}/`, pathNot: TESTS },
    to: { path: '^src/', pathNot: `^(${[...open, ...(ALLOWED_TYPES[room] ?? [])].join('|')})` },
  };
});

const typeRules = Object.entries(ALLOWED_TYPES)
  .filter(([, paths]) => paths.length > 0)
  .map(([room, paths]) => ({
    name: `${room}-types-only`,
    comment: 'these may be imported as types only',
    severity: 'error',
    from: { path: `^src/${room}/`, pathNot: TESTS },
    to: { path: `^(${paths.join('|')})`, dependencyTypesNot: ['type-only'] },
  }));

module.exports = {
  forbidden: [
    ...rules,
    ...typeRules,
    {
      name: 'client-imports-protocol-only',
      severity: 'error',
      from: { path: '^src/worker/client\\.ts$' },
      to: { path: '^src/', pathNot: '^(src/worker/protocol\\.ts|src/errors\\.ts)$' },
    },
    {
      name: 'testing-is-for-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/testing/|${TESTS}` },
      to: { path: '^src/testing/' },
    },
    {
      name: 'nothing-imports-a-test',
      severity: 'error',
      from: {},
      to: { path: TESTS },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'only-the-studio-knows-react',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/studio/' },
      to: { path: 'node_modules/(react|react-dom|@mantine|zustand)/' },
    },
    {
      name: 'the-studio-touches-no-tensor',
      severity: 'error',
      from: { path: '^src/(studio|paper|recipe|data|io)/' },
      to: { path: 'node_modules/@tensorflow/' },
    },
    {
      name: 'node-only-in-node-files',
      comment: 'what the browser bundles must not need Node',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(cli|testing)/|\\.node\\.ts$|${TESTS}` },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'default'] },
  },
};
