using System.Runtime.InteropServices;
using System.Text;

namespace Ryuso.Sqlite;

/// <summary>Which file is at a path, whatever its name. Elsewhere than on Linux all that is known is that there is one.</summary>
internal sealed partial record FileIdentity(ulong Inode, ulong Device)
{
    private const int CurrentDirectory = -100;
    private const uint WantsInodeAndSize = 0x100 | 0x200;

    private static readonly FileIdentity s_unknown = new(0, 0);

    // The C library is part of every process, whatever its file is called here.
    static FileIdentity() => NativeLibrary.SetDllImportResolver(
        typeof(FileIdentity).Assembly, static (name, _, _) => name == "libc" ? NativeLibrary.GetMainProgramHandle() : 0);

    /// <summary>Whether two files can be told apart: C libraries older than glibc 2.28 do not have the call.</summary>
    public static bool IsKnown { get; } = OperatingSystem.IsLinux() && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "statx", out _);

    /// <summary>Null where there is no such file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="length">Its length in bytes.</param>
    public static FileIdentity? Of(string path, out long length)
    {
        if (!IsKnown)
        {
            var file = new FileInfo(path);
            length = file.Exists ? file.Length : 0;
            return file.Exists ? s_unknown : null;
        }

        // The layout is the same on all machines: the inode at byte 32, the size at 40, the device at 136.
        Span<byte> facts = stackalloc byte[256];
        Span<byte> name = stackalloc byte[Encoding.UTF8.GetMaxByteCount(path.Length) + 1];
        name[Encoding.UTF8.GetBytes(path, name)] = 0;
        bool exists = Read(CurrentDirectory, name, 0, WantsInodeAndSize, facts) == 0;
        length = exists ? MemoryMarshal.Read<long>(facts[40..]) : 0;
        return exists ? new FileIdentity(MemoryMarshal.Read<ulong>(facts[32..]), MemoryMarshal.Read<ulong>(facts[136..])) : null;
    }

    [LibraryImport("libc", EntryPoint = "statx")]
    private static partial int Read(int folder, ReadOnlySpan<byte> path, int flags, uint wanted, Span<byte> facts);
}
