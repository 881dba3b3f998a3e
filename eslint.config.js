import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      'dist',
      'node_modules',
      '.cache',
      'public',
      'fixtures',
      'test-results',
      'playwright-report',
      'bench/results',
      // AssemblyScript, checked by its own compiler.
      'src/engine/processor/assembly',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      // The index checks of noUncheckedIndexedAccess are answered by `!` where the loop's bounds prove it.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // An interface may promise asynchrony that one implementation does not need.
      '@typescript-eslint/require-await': 'off',
      // Objects here are closures that use no `this`; taking their functions apart is safe.
      '@typescript-eslint/unbound-method': 'off',
      'max-lines': ['error', { max: 400, skipComments: false }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Export by name: style.md, section 2.' },
        {
          selector: 'ExportAllDeclaration',
          message: 'Import from the file that defines the thing: no barrels.',
        },
      ],
    },
  },
  { ...hooks.configs.flat.recommended, files: ['src/studio/**/*.{ts,tsx}'] },
  { files: ['*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        setInterval: 'readonly',
        setTimeout: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        fetch: 'readonly',
        module: 'writable',
      },
    },
  },
  prettier,
);
