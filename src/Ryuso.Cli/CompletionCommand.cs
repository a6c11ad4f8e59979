using System.CommandLine;
using Ryuso.Cli.Output;

namespace Ryuso.Cli;

/// <summary><c>ryuso completion SHELL</c>: a script that asks the tool itself what may come next.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _ryuso_complete() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$(ryuso "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _ryuso_complete ryuso
        """;

    private const string Zsh = """
        _ryuso_complete() {
          local -a words_found
          words_found=("${(@f)$(ryuso "[suggest:$((${#BUFFER}))]" "$BUFFER" 2>/dev/null)}")
          compadd -a words_found
          _files
        }
        compdef _ryuso_complete ryuso
        """;

    private const string PowerShell = """
        Register-ArgumentCompleter -Native -CommandName ryuso -ScriptBlock {
          param($word, $line, $position)
          ryuso "[suggest:$position]" "$line" | Where-Object { $_ -like "$word*" } |
            ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }
        """;

    private static readonly Dictionary<string, string> s_scripts = new() { ["bash"] = Bash, ["zsh"] = Zsh, ["pwsh"] = PowerShell };

    public static Command Create(Terminal terminal)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or pwsh", HelpName = "SHELL" };
        shell.AcceptOnlyFromAmong([.. s_scripts.Keys]);
        var command = new Command("completion", "Prints a script for a shell; for bash: eval \"$(ryuso completion bash)\".") { shell };
        command.SetAction(parsed => terminal.Out.WriteLine(s_scripts[parsed.GetRequiredValue(shell)]));
        return command;
    }
}
