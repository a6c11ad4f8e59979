namespace Ryuso.Spec.Text;

/// <summary>The titles of problems, the same in the compiler and in the tool.</summary>
public static class ProblemTitles
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
        ["RYU113"] = "Two specs of one name",
        [ProblemCodes.KeyNotArgument] = "A key that is no argument of its program",
        [ProblemCodes.KeyOfWrongType] = "A key of a type that cannot be one",
        [ProblemCodes.KeyMayBeAbsent] = "A key that may be absent",
        [ProblemCodes.ShapeOfOtherType] = "Items of no list, or fields of no dict",
        [ProblemCodes.ArgumentNotProvided] = "A required argument that nothing provides",
        [ProblemCodes.OutputNotWritten] = "A required output that nothing writes",
        [ProblemCodes.ReadAsOtherType] = "A variable read as another type than it was written",
        [ProblemCodes.ArgumentNotRead] = "A program argument that no hook names",
        [ProblemCodes.HookNotReached] = "A hook that no program reaches",
        [ProblemCodes.RectifierMayLack] = "A rectifier that may lack what it requires",
        [ProblemCodes.KeyOverwritten] = "A hook that writes a key of its program",
        [ProblemCodes.ProgramRunsAlone] = "A program without key where others have one",
        [ProblemCodes.NothingToHold] = "A stuck run that is to hold keys and has none",
    };

    /// <summary>The title of a code.</summary>
    public static string Of(string code) => s_titles[code];
}
