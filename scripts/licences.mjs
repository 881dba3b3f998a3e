/** The licences of everything that the page ships, in one text. The bundler drops the comments that hold them. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './common.mjs';

/** The licence text of an installed package, or what its manifest says. */
function licenceOf(/** @type {string} */ folder) {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (file) return readFileSync(join(folder, file), 'utf8').trim();
  return `Licence: ${JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).license}`;
}

/** Every production dependency in the lock file, also the ones that only others need. */
export function thirdPartyLicences() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const parts = Object.entries(packages)
    .filter(([path, entry]) => path !== '' && !entry.dev && !entry.optional && !entry.devOptional)
    .map(([path, entry]) => ({
      folder: join(root, path),
      title: `${path.replace(/^.*node_modules\//, '')} ${entry.version}`,
    }))
    .filter(({ folder }) => existsSync(folder))
    .map(({ folder, title }) => `${title}\n${'='.repeat(title.length)}\n\n${licenceOf(folder)}\n`);
  return `Decant contains the following packages.\n\n${parts.join('\n\n')}`;
}
