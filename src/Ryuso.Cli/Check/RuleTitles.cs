using Ryuso.Spec;

namespace Ryuso.Cli.Check;

/// <summary>The titles under which the compiler knows its diagnostics. A test holds them to the generator's.</summary>
internal static class RuleTitles
{
    private static readonly Dictionary<string, string> s_titles = new()
    {
        [ProblemCodes.Syntax] = "The spec is not JSON",
        [ProblemCodes.DuplicateKey] = "A key stands twice",
        [ProblemCodes.TooDeep] = "The spec is nested too deep",
        [ProblemCodes.UnknownKey] = "A key that no spec has",
        [ProblemCodes.MissingKey] = "A required key is absent",
        [ProblemCodes.WrongType] = "A value of the wrong type",
        [ProblemCodes.BadDefault] = "A default that is not of its type",
        [ProblemCodes.UnresolvedReference] = "A reference to nothing",
        [ProblemCodes.Cycle] = "A hook or program that reaches itself",
        [ProblemCodes.BadName] = "A name that cannot stand in C#",
        [ProblemCodes.NameCollision] = "Two names that are one in C#",
        [ProblemCodes.BadReference] = "A reference that is no dotted name",
        [ProblemCodes.OutOfRange] = "A number outside its range",
        [ProblemCodes.EngineOwned] = "A name that the engine owns",
        [ProblemCodes.PlanTooLong] = "A plan that is too long",
        [Finding.SameName] = "Two specs of one name",
        [ProblemCodes.ArgumentNotProvided] = "A required argument that nothing provides",
        [ProblemCodes.OutputNotWritten] = "A required output that nothing writes",
        [ProblemCodes.ReadAsOtherType] = "A variable read as another type than it was written",
        [ProblemCodes.ArgumentNotRead] = "A program argument that nobody reads",
        [ProblemCodes.HookNotReached] = "A hook that no program reaches",
        [ProblemCodes.RectifierMayLack] = "A rectifier that may lack what it requires",
    };

    public static string Of(string code) => s_titles.GetValueOrDefault(code, code);
}
