using System.Runtime.CompilerServices;

namespace Ryuso.Generator.Tests;

/// <summary>Compares a text with a file beside the test. What differs is written as *.received.*; rename it to *.verified.* to accept it.</summary>
internal static class Snapshot
{
    public static void Matches(IEnumerable<(string Name, string Text)> files, string folder, [CallerFilePath] string test = "")
    {
        folder = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(test)!, "Snapshots", folder)).FullName;
        Array.ForEach(Directory.GetFiles(folder, "*.received.cs"), File.Delete);
        HashSet<string> differ = [.. Directory.GetFiles(folder, "*.verified.cs").Select(f => Path.GetFileName(f)[..^".verified.cs".Length])];
        foreach ((string name, string text) in files)
        {
            string verified = Path.Combine(folder, name + ".verified.cs");
            if (File.Exists(verified) && File.ReadAllText(verified) == text)
            {
                differ.Remove(name);
            }
            else
            {
                File.WriteAllText(Path.Combine(folder, name + ".received.cs"), text);
                differ.Add(name);
            }
        }

        Assert.Empty(differ);
    }
}
