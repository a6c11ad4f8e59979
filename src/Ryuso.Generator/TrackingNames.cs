namespace Ryuso.Generator;

/// <summary>The names of the pipeline's steps, for the tests that watch what runs again.</summary>
internal static class TrackingNames
{
    public const string Files = "Ryuso.Files";
    public const string Specs = "Ryuso.Specs";
    public const string Methods = "Ryuso.Methods";
    public const string Classes = "Ryuso.Classes";
    public const string Bound = "Ryuso.Bound";
    public const string HookClasses = "Ryuso.HookClasses";
    public const string Programs = "Ryuso.Programs";
    public const string Judged = "Ryuso.Judged";

    public static readonly string[] All = [Files, Specs, Methods, Classes, Bound, HookClasses, Programs, Judged];
}
