/**
 * A regular expression written over several lines: line breaks and the white space that begins a line are left out, nothing else.
 * `pattern('i')` followed by a template.
 */
export function pattern(flags: string): (template: TemplateStringsArray) => RegExp {
  return ({ raw }) => new RegExp(raw.join('').replace(/\n\s*/g, ''), flags);
}
