namespace Ryuso.Protocol;

/// <summary>Why a request cannot run.</summary>
/// <param name="Code">One of <see cref="Rejection"/>'s codes.</param>
/// <param name="Message">Says what is wrong and what to do, to the client.</param>
internal readonly record struct RequestProblem(string Code, string Message);
