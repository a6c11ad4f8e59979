using System.Text.RegularExpressions;
using Ryuso.Spec.Json;
using Ryuso.Spec.Model;
using Ryuso.Spec.Text;

namespace Ryuso.Spec.Validation;

/// <summary>Turns a tree of JSON into parts and reports whatever no spec may say.</summary>
internal sealed class SpecValidator(ProblemList problems)
{
    /// <summary>Each try is an entry in the trace, and in the journal of a reversible step.</summary>
    private const int MaxAttempts = 1_000;

    /// <summary>A day: a run that waits longer is a mistake in the unit.</summary>
    private const int MaxMilliseconds = 24 * 60 * 60 * 1_000;

    /// <summary>A delay that grows faster reaches its cap at once.</summary>
    private const int MaxFactor = 100;

    private static readonly Regex s_ascii = new("^[ -~]*\\z", RegexOptions.CultureInvariant);
    private readonly ArgReader _args = new(problems);
    private readonly KeyReader _keys = new(problems);
    private readonly Dictionary<SpecReference, SpecItem> _parts = [];

    /// <summary>Null where the text is no dictionary.</summary>
    public SpecDraft? Validate(SpecNode root)
    {
        if (root.Kind != JsonKind.Dict)
        {
            DictReader.WrongType(problems, root, "", JsonKind.Dict);
            return null;
        }

        var dict = new DictReader(problems, root, new(root.Range.Start, root.Range.Start + 1), "", "a spec", "$schema", "version", "name", "description", "programs", "hooks");
        dict.Text("$schema");
        dict.Text("description");
        string? name = Name(dict);
        string? version = dict.TextOrNumber("version");
        SpecProperty? programs = dict.Dict("programs", required: "{}");
        SpecProperty? hooks = dict.Dict("hooks", required: "{}");
        List<SpecItem> all = [.. Parts(programs, "programs", ReferenceKind.Program), .. Parts(hooks, "hooks", ReferenceKind.Hook)];
        var references = new ReferenceReader(problems, _parts, IsWhole(root, hooks), IsWhole(root, programs));
        foreach (SpecItem part in all.Where(p => !p.IsLeftOut))
        {
            Read(part, references);
        }

        if (name is not null)
        {
            new CSharpNames(problems, name).Check([.. all.Where(p => !p.IsLeftOut)]);
        }

        bool isPartial = !IsWhole(root, programs) || !IsWhole(root, hooks) || all.Any(p => p.IsLeftOut);
        return new SpecDraft(name, version, isPartial, all);
    }

    private static bool IsSpecName(string name) => s_ascii.IsMatch(name) && SpecNaming.IsIdentifier(SpecNaming.ToPascalCase(name));

    private static bool IsWhole(SpecNode root, SpecProperty? dict) => !root.LostMembers && dict is { Value.LostMembers: false, IsDuplicated: false };

    private string? Name(DictReader dict)
    {
        string? name = dict.Text("name", required: "\"My spec\"");
        if (name is not null && !IsSpecName(name))
        {
            SpecProperty property = dict.Find("name")!;
            problems.Add(ProblemCodes.BadName, property.Value.Range, dict.At(property.Name),
                $"'{ProblemList.Show(name)}' cannot be a spec's name. It holds ASCII characters only, among them a letter or digit, at most {SpecNaming.MaxLength}. Write \"{Names.Like(name, IsSpecName) ?? "My spec"}\", for example.");
            return null;
        }

        if (name is not null && CSharpNames.Clash(name) is { } clash)
        {
            SpecProperty property = dict.Find("name")!;
            problems.Add(ProblemCodes.NameCollision, property.Value.Range, dict.At(property.Name),
                $"The namespace {clash} exists in every project that uses Ryuso. Write another name, such as \"My {name}\".");
            return null;
        }

        return name;
    }

    private List<SpecItem> Parts(SpecProperty? dict, string path, ReferenceKind kind)
    {
        List<SpecItem> parts = [];
        HashSet<SpecProperty> usable = [.. Names.Usable(problems, dict?.Value, path)];
        foreach (SpecProperty property in Names.Named(dict?.Value))
        {
            var part = new SpecItem(new SpecReference(kind, property.Name), property);
            part.IsLeftOut = !usable.Contains(property);
            if (property.Value.Kind != JsonKind.Dict)
            {
                DictReader.WrongType(problems, property.Value, ProblemList.Member(path, property.Name), JsonKind.Dict);
                part.IsLeftOut = true;
            }

            part.IsBroken = part.IsLeftOut || property.IsDuplicated || property.Value.HasProblems;
            _parts.Add(part.Reference, part);
            parts.Add(part);
        }

        return parts;
    }

    private void Read(SpecItem part, ReferenceReader references)
    {
        int before = problems.Count;
        if (part.Reference.Kind == ReferenceKind.Program)
        {
            ReadProgram(part, references, part.Path);
        }
        else
        {
            ReadHook(part, references, part.Path);
        }

        part.IsBroken |= problems.Count > before;
    }

    private void ReadProgram(SpecItem part, ReferenceReader references, string path)
    {
        var dict = new DictReader(problems, part.Property.Value, part.Property.Key, path, "a program", "hooks", "args", "outputs", "description", "key", "when_stuck");
        string? description = dict.Text("description");
        (List<SpecReference> hooks, part.Line) = references.Read(part, dict, "hooks", required: "[]");
        EquatableArray<ArgModel> args = Args(dict, "args", required: "{}", mayBeEngineOwned: false) ?? default;
        EquatableArray<string>? key = _keys.Key(dict, args);
        part.Program = new ProgramModel(
            part.Reference.Name,
            description,
            new(hooks),
            args,
            Args(dict, "outputs", required: "{}", mayBeEngineOwned: false) ?? default)
        {
            Key = key,
            IsHeldWhenStuck = _keys.IsHeldWhenStuck(dict, key),
        };
    }

    private void ReadHook(SpecItem part, ReferenceReader references, string path)
    {
        var dict = new DictReader(problems, part.Property.Value, part.Property.Key, path, "a hook",
            "reference", "args", "outputs", "dependencies", "rectifiers", "description", "retry", "timeout_ms", "rectify_self");
        string? reference = Target(dict);
        part.IsLeftOut = reference is null;
        SpecProperty? retryProperty = dict.Dict("retry");
        DictReader? retry = retryProperty is null || !IsRetry(retryProperty) ? null : new DictReader(problems, retryProperty.Value, retryProperty.Key, dict.At(retryProperty.Name), "retry",
            "attempts", "delay_ms", "factor", "max_delay_ms", "jitter");
        (List<SpecReference> dependencies, part.Line) = references.Read(part, dict, "dependencies", required: null);
        (List<SpecReference> rectifiers, part.Rectifiers) = references.Read(part, dict, "rectifiers", required: null);
        int attempts = retry?.Int("attempts", least: 1, MaxAttempts, required: "3") ?? 1;
        int delay = retry?.Int("delay_ms", least: 0, MaxMilliseconds, required: "0") ?? 0;
        part.Hook = new HookModel(
            part.Reference.Name,
            reference ?? "",
            dict.Text("description"),
            Args(dict, "args", required: "{}", mayBeEngineOwned: true) ?? default,
            Args(dict, "outputs", required: null, mayBeEngineOwned: false),
            new(dependencies),
            new(rectifiers),
            attempts,
            delay,
            dict.Int("timeout_ms", least: 1, MaxMilliseconds),
            dict.Bool("rectify_self") ?? false)
        {
            Backoff = Backoff(retry, delay),
        };
    }

    /// <summary>Null where the delay is the same each time.</summary>
    private static BackoffModel? Backoff(DictReader? retry, int delay)
    {
        if (retry is null)
        {
            return null;
        }

        double factor = retry.Float("factor", least: 1, MaxFactor) ?? 1;
        int most = retry.Int("max_delay_ms", least: delay, MaxMilliseconds) ?? MaxMilliseconds;
        bool hasJitter = retry.Bool("jitter") ?? factor > 1;
        return factor > 1 || hasJitter ? new BackoffModel(factor, most, hasJitter) : null;
    }

    /// <summary>Under a mistyped key a dictionary is one for retries only if something in it says so.</summary>
    private static bool IsRetry(SpecProperty property) =>
        property.Name == "retry" || property.Value.Find("attempts") is not null || property.Value.Find("delay_ms") is not null;

    private EquatableArray<ArgModel>? Args(DictReader dict, string key, string? required, bool mayBeEngineOwned) =>
        dict.Dict(key, required) is { } args ? _args.Read(args, dict.At(args.Name), mayBeEngineOwned) : null;

    private string? Target(DictReader dict)
    {
        string? reference = dict.Text("reference", required: "\"module.class.method\"");
        string[] parts = reference?.Split('.') ?? [];
        string[] usable = [.. parts.Where(part => SpecNaming.IsIdentifier(SpecNaming.ToPascalCase(part)))];
        bool isTooLong = reference?.Length > SpecNaming.MaxLength;
        if (reference is null || (usable.Length == parts.Length && !isTooLong))
        {
            return reference;
        }

        SpecProperty property = dict.Find("reference")!;
        problems.Add(ProblemCodes.BadReference, property.Value.Range, dict.At(property.Name),
            $"'{ProblemList.Show(reference)}' leads to no method. Write names joined by dots, such as \"my_orchestrator.util.math.is_prime\"; each holds a letter or digit, and all are at most {SpecNaming.MaxLength} long.");
        return usable.Length > 0 && !isTooLong ? string.Join(".", usable) : null;
    }
}

/// <summary>A spec as far as it could be read. <see cref="Name"/> is null where it cannot be used.</summary>
internal sealed record SpecDraft(string? Name, string? Version, bool IsPartial, List<SpecItem> Parts);
