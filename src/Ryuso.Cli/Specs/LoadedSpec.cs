using System.Text;
using Ryuso.Cli.Output;
using Ryuso.Spec;
using Ryuso.Spec.Model;
using Ryuso.Spec.Planning;

namespace Ryuso.Cli.Specs;

/// <summary>A spec file as it was read.</summary>
internal sealed record LoadedSpec(string Path, SpecResult Result)
{
    // Bytes that are no text are the file's fault, and are not to be guessed at.
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="UsageException">It is not UTF-8.</exception>
    public static LoadedSpec Read(string path)
    {
        try
        {
            return new LoadedSpec(path, SpecReader.Read(IsEmpty(path) ? "" : File.ReadAllText(path, s_utf8)));
        }
        catch (DecoderFallbackException exception)
        {
            throw new UsageException($"'{path}' is not UTF-8: the byte at {exception.Index} begins no character. Save it as UTF-8.");
        }
    }

    // A pipe or a device has no length either; to open one may never end.
    private static bool IsEmpty(string path) => new FileInfo(path) is var file && (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length == 0;

    public IEnumerable<string> Programs => Result.Model?.Programs.Select(p => p.Name) ?? [];

    public SpecModel Model => Result.Model ?? throw new InvalidOperationException($"{Path} has no model.");

    /// <summary>The program's line; null where the program is broken.</summary>
    public Plan? Plan(string program) => Result.Plans.FirstOrDefault(p => p.Program == program);
}
