/** One setting that stops the start. `seen` is what was found, or `***` for a secret. */
export interface WrongSetting {
  name: string;
  rule: string;
  seen: string;
}

/** The settings do not make a service. The message has one line per wrong setting: name, rule, value seen. */
export class ConfigError extends Error {
  readonly wrong: readonly WrongSetting[];

  constructor(wrong: readonly WrongSetting[]) {
    const lines = wrong.map(({ name, rule, seen }) => `${name}: ${rule} (seen: ${seen})`);
    super(lines.join('\n'));
    this.name = 'ConfigError';
    this.wrong = wrong;
  }
}
