namespace Ryuso.Spec.Text;

/// <summary>The catalogue: RYU0xx is JSON syntax, RYU10x and RYU11x the meaning of a spec, RYU12x the flow of its variables.</summary>
public static class ProblemCodes
{
    /// <summary>The text is no JSON.</summary>
    public const string Syntax = "RYU001";

    /// <summary>A key stands twice in one dictionary.</summary>
    public const string DuplicateKey = "RYU002";

    /// <summary>Nesting beyond 64 levels.</summary>
    public const string TooDeep = "RYU003";

    /// <summary>A key that no spec has.</summary>
    public const string UnknownKey = "RYU101";

    /// <summary>A required key is absent.</summary>
    public const string MissingKey = "RYU102";

    /// <summary>A value of the wrong type.</summary>
    public const string WrongType = "RYU103";

    /// <summary>A default that is not of its argument's type.</summary>
    public const string BadDefault = "RYU104";

    /// <summary>A reference to nothing.</summary>
    public const string UnresolvedReference = "RYU105";

    /// <summary>A hook or program that reaches itself.</summary>
    public const string Cycle = "RYU106";

    /// <summary>A name that cannot become an identifier.</summary>
    public const string BadName = "RYU107";

    /// <summary>Two siblings whose names become the same identifier.</summary>
    public const string NameCollision = "RYU108";

    /// <summary>A hook's reference that is no dotted name.</summary>
    public const string BadReference = "RYU109";

    /// <summary>A number outside its range.</summary>
    public const string OutOfRange = "RYU110";

    /// <summary>An argument or output with a name that the engine owns.</summary>
    public const string EngineOwned = "RYU111";

    /// <summary>A plan of more than 10,000 steps.</summary>
    public const string PlanTooLong = "RYU112";

    /// <summary>A program's key that names no argument of it, or one twice.</summary>
    public const string KeyNotArgument = "RYU114";

    /// <summary>A program's key of a type, or with a default, that cannot be one.</summary>
    public const string KeyOfWrongType = "RYU115";

    /// <summary>A program's key that a request may leave out.</summary>
    public const string KeyMayBeAbsent = "RYU116";

    /// <summary><c>items</c> at what is no list, or <c>fields</c> at what is no dict.</summary>
    public const string ShapeOfOtherType = "RYU117";

    /// <summary>A required argument that nothing before it can provide.</summary>
    public const string ArgumentNotProvided = "RYU120";

    /// <summary>A required output that nothing writes.</summary>
    public const string OutputNotWritten = "RYU121";

    /// <summary>A variable that is read as another type than it was written.</summary>
    public const string ReadAsOtherType = "RYU122";

    /// <summary>A program argument that no hook names.</summary>
    public const string ArgumentNotRead = "RYU123";

    /// <summary>A hook that no program reaches.</summary>
    public const string HookNotReached = "RYU124";

    /// <summary>A rectifier that may have to run before what it requires was written.</summary>
    public const string RectifierMayLack = "RYU125";

    /// <summary>A hook that writes a variable which is a key of its program.</summary>
    public const string KeyOverwritten = "RYU126";

    /// <summary>A program without key in a spec where others have one.</summary>
    public const string ProgramRunsAlone = "RYU127";

    /// <summary><c>when_stuck</c> is <c>hold</c> in a program that has no key.</summary>
    public const string NothingToHold = "RYU128";

    /// <summary>Whether the code is a flow check, which a user may turn off.</summary>
    public static bool IsFlow(string code) => string.CompareOrdinal(code, ArgumentNotProvided) >= 0;
}
