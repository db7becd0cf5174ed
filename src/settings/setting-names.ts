import { type ConfigField, findIntendedName, type Setting, SETTINGS } from '../config';

/** All settings by field. */
export const DECLARATIONS: ReadonlyMap<ConfigField, Setting<unknown>> = new Map(
  Object.entries(SETTINGS) as [ConfigField, Setting<unknown>][],
);

const FIELDS = new Map([...DECLARATIONS].map(([field, { variable }]) => [variable, field]));

/** The field of a variable; undefined if no setting has this name. */
export function fieldOf(variable: string): ConfigField | undefined {
  return FIELDS.get(variable);
}

export function declarationOf(field: ConfigField): Setting<unknown> {
  return SETTINGS[field];
}

/** True if the values of this variable must not be shown, nor stored in plain text. */
export function isSecretSetting(variable: string): boolean {
  const field = fieldOf(variable);
  return field !== undefined && declarationOf(field).isSecret;
}

/** Text that can follow the name of a setting that does not exist. */
export function describeUnknown(name: string): string {
  const renamed = [...DECLARATIONS.values()].find(({ aliases }) =>
    aliases.some(({ names }) => names.includes(name)),
  );
  const meant = renamed?.variable ?? findIntendedName(name, [...FIELDS.keys()]);
  return meant === null ? 'is no setting' : `is no setting: did you mean ${meant}?`;
}
