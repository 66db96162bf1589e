/** A command in a document, and what the document says it prints. */
interface ConsoleExample {
  command: string;
  output: string;
}

/** The `$ command` lines in the console blocks of a Markdown text, each with the lines below it, in order. */
export function consoleExamples(markdown: string): ConsoleExample[] {
  const blocks = [...markdown.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map((match) => match[1]!);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((example) => {
        const [command, ...output] = example.trimEnd().split('\n');
        return { command: command!, output: output.join('\n') };
      }),
  );
}

/** What stays the same each time: the text with its times replaced. */
export function withoutTimes(output: string): string {
  return output.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>');
}

/** The code blocks of a language in a Markdown text, in order. */
export function codeBlocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    (match) => match[1]!,
  );
}
