namespace Ryuso.TestKit;

/// <summary>The files that users read and copy.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string File(string path) => Path.Combine(Root, path);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!System.IO.File.Exists(Path.Combine(folder.FullName, "Ryuso.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException($"There is no Ryuso.sln above {AppContext.BaseDirectory}.");
        }

        return folder.FullName;
    }
}
