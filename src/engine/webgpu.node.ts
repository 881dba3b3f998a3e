/**
 * WebGPU in Node, from the optional package `webgpu` (Dawn). Node entries call `installWebGPU` once before
 * `openDevice`; without the package `navigator.gpu` stays absent and the engine falls back to wasm.
 */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const DRIVER_FOLDERS = ['/etc/vulkan/icd.d', '/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];
const BROWSER_FOLDERS = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/opt/google/chrome',
  '/opt/chromium.org/chromium',
];

const list = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** The manifest of SwiftShader, the software Vulkan driver that every Chromium brings; null without one. */
export function softwareDriver(): string | null {
  const playwright = process.env.PLAYWRIGHT_BROWSERS_PATH ?? join(homedir(), '.cache', 'ms-playwright');
  const folders = [
    ...BROWSER_FOLDERS,
    ...list(playwright).flatMap((name) =>
      list(join(playwright, name)).map((inner) => join(playwright, name, inner)),
    ),
  ];
  return (
    folders.map((folder) => join(folder, 'vk_swiftshader_icd.json')).find((file) => existsSync(file)) ?? null
  );
}

/**
 * Loads a shared library into this process for good, so that Dawn finds it by its name later on. True when it is
 * there. `LD_LIBRARY_PATH` would need a second process: it is read at a process's start only.
 */
function loadLibrary(path: string): boolean {
  const RTLD_NOW = 2;
  const RTLD_NODELETE = 0x1000;
  try {
    process.dlopen({ exports: {} }, path, RTLD_NOW | RTLD_NODELETE);
  } catch (error) {
    // Whatever is no addon of Node ends here: loaded, but it `did not self-register`.
    return error instanceof Error && error.message.includes('did not self-register');
  }
  return true;
}

/**
 * Makes `navigator.gpu` available; true when it is. `forceSoftware` takes SwiftShader even beside a real
 * driver (tests). `toggles` are Dawn's, e.g. `enable-dawn-features=disable_robustness`.
 */
export async function installWebGPU(
  options: { forceSoftware?: boolean; toggles?: string[] } = {},
): Promise<boolean> {
  const scope: { navigator?: object } = globalThis;
  if (scope.navigator && 'gpu' in scope.navigator) return true;
  const driver = process.platform === 'linux' ? softwareDriver() : null;
  // A machine without Vulkan's loader has no driver of its own either; Chromium brings both.
  const lent =
    driver !== null && !loadLibrary('libvulkan.so.1') && loadLibrary(join(dirname(driver), 'libvulkan.so.1'));
  const hasDriver =
    !lent && DRIVER_FOLDERS.some((folder) => list(folder).some((file) => file.endsWith('.json')));
  // Dawn reads the variable when it is created, so it must be set before; a user's own setting wins.
  if (driver && !process.env.VK_ICD_FILENAMES && (options.forceSoftware || !hasDriver)) {
    process.env.VK_ICD_FILENAMES = driver;
  }
  const dawn = await import('webgpu').catch(() => null);
  if (!dawn) return false;
  Object.assign(globalThis, dawn.globals);
  const gpu = { value: dawn.create(options.toggles ?? []), configurable: true };
  if (scope.navigator) Object.defineProperty(scope.navigator, 'gpu', gpu);
  else
    Object.defineProperty(globalThis, 'navigator', {
      value: Object.defineProperty({}, 'gpu', gpu),
      configurable: true,
    });
  return true;
}
