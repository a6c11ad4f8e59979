namespace Ryuso.Generator;

/// <summary>The names of the pipeline's steps, for the tests that watch what runs again.</summary>
internal static class TrackingNames
{
    public const string Files = "Ryuso.Files";
    public const string Specs = "Ryuso.Specs";
    public const string ReadMethods = "Ryuso.ReadMethods";
    public const string ReadClasses = "Ryuso.ReadClasses";
    public const string Methods = "Ryuso.Methods";
    public const string Classes = "Ryuso.Classes";
    public const string Bound = "Ryuso.Bound";
    public const string HookClasses = "Ryuso.HookClasses";
    public const string Programs = "Ryuso.Programs";
    public const string Pools = "Ryuso.Pools";
    public const string Orchestrators = "Ryuso.Orchestrators";
    public const string Definitions = "Ryuso.Definitions";
    public const string Clients = "Ryuso.Clients";
    public const string ClientOnly = "Ryuso.ClientOnly";
    public const string HookDiagnostics = "Ryuso.Judged";

    /// <summary>Every step behind the reading of C#.</summary>
    public static readonly string[] Later = [Files, Specs, Methods, Classes, Bound, HookClasses, Programs, Pools, Orchestrators, Definitions, Clients, ClientOnly, HookDiagnostics];
}
