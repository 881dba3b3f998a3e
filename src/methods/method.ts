/**
 * What a training method is: one file, one exported value of this type. The trainer, the page, the command
 * line and the recipe's checks follow from it. To be completed (train helper): see the brief.
 */
import type { SettingSpecs } from '../recipe/settings';

export interface Method {
  id: string;
  settings: SettingSpecs;
}
