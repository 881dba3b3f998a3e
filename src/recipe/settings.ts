/**
 * One setting of a method: its name, its default, its limits, what to call it and where it comes from.
 * Forms, command-line checks and the JSON Schema are derived from this and from nothing else.
 */
export interface NumberSetting {
  kind: 'number';
  label: string;
  /** How the formula writes it, e.g. `α`. */
  symbol?: string;
  /** Rarely changed: the page shows it on request. */
  minor?: boolean;
  default: number;
  min: number;
  max: number;
  step: number;
  integer?: boolean;
  /**
   * It weights this term of the loss. With the others that say so it adds up to 1; a single one leaves what it does
   * not take to the term `rest`.
   */
  weighs?: { term: string; rest?: string };
  /** One or two plain sentences: what a higher value does. */
  hint: string;
  /** Where the default comes from, e.g. `arXiv:1503.02531, section 2`. */
  source: string;
}

export interface ChoiceSetting {
  kind: 'choice';
  label: string;
  symbol?: string;
  /** Rarely changed: the page shows it on request. */
  minor?: boolean;
  default: string;
  choices: readonly { value: string; label: string }[];
  hint: string;
  source: string;
}

export type SettingSpec = NumberSetting | ChoiceSetting;
export type SettingSpecs = Readonly<Record<string, SettingSpec>>;
export type SettingValue = number | string;
export type SettingValues = Record<string, SettingValue>;

/** What a recipe must know of a method in order to check a stage. */
export interface MethodSettings {
  id: string;
  settings: SettingSpecs;
}

/** All settings of a method: as given, and the defaults of the rest. */
export function resolvedSettings(specs: SettingSpecs, given: Readonly<SettingValues>): SettingValues {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, given[name] ?? spec.default]));
}
