using System.ComponentModel;
using System.Text.Json.Nodes;

namespace Ryuso.Definitions;

/// <summary>How a typed in-process call of one program passes its arguments and takes its outputs. Written by the generator.</summary>
/// <typeparam name="TArgs">The program's args record.</typeparam>
/// <typeparam name="TOutputs">The program's outputs record.</typeparam>
/// <param name="Program">The program's index in the <see cref="SpecDefinition"/>.</param>
/// <param name="WriteArgs">Writes the arguments into a pool.</param>
/// <param name="ReadOutputs">Reads the outputs of a successful run from its pool; null where an output is a list or dict, which the answer holds.</param>
/// <param name="ToPool">Makes the <c>data_pool</c> of a request.</param>
/// <param name="FromAnswer">Reads the outputs from a successful answer.</param>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public sealed record ProgramCall<TArgs, TOutputs>(
    int Program,
    Action<DataPool, TArgs> WriteArgs,
    Func<DataPool, TOutputs>? ReadOutputs,
    Func<TArgs, JsonObject> ToPool,
    Func<JsonObject, TOutputs> FromAnswer)
    where TArgs : class
    where TOutputs : class;
