using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Ryuso.Generator.SharedState;

/// <summary>One use of a variable.</summary>
/// <param name="IsAssigned">It gets another value.</param>
/// <param name="IsChanged">Its content may change: whatever is not known only to read.</param>
/// <param name="IsGuarded">The use is inside a lock, or atomic by Interlocked or Volatile.</param>
/// <param name="IsAtomic">The use reads or writes it once: enough where the variable is volatile.</param>
internal readonly record struct VariableUse(bool IsAssigned, bool IsChanged, bool IsGuarded, bool IsAtomic)
{
    private static readonly HashSet<string> s_readingMethods =
    [
        "BinarySearch", "Contains", "ContainsKey", "ContainsValue", "ConvertAll", "CopyTo", "Equals", "Exists", "Find", "FindAll", "FindIndex",
        "FindLast", "ForEach", "GetEnumerator", "GetHashCode", "GetRange", "GetType", "GetValueOrDefault", "IndexOf", "IsProperSubsetOf",
        "IsProperSupersetOf", "IsSubsetOf", "IsSupersetOf", "LastIndexOf", "Overlaps", "Peek", "SetEquals", "Slice", "ToArray", "ToString",
        "TrueForAll", "TryGetValue", "TryPeek",
    ];

    private static readonly HashSet<string> s_readOnlyTypes =
        ["IEnumerable", "IReadOnlyCollection", "IReadOnlyDictionary", "IReadOnlyList", "IReadOnlySet", "ReadOnlySpan", "ReadOnlyMemory"];

    public static VariableUse Of(IOperation use)
    {
        bool isAssigned = Assigns(use);
        return new VariableUse(
            isAssigned,
            isAssigned || MayChange(use),
            IsInLock(use) || IsAtomicArgument(use),
            !isAssigned || Parent(use) is ISimpleAssignmentOperation);
    }

    /// <summary>Whether the use belongs to the making of the object, or of the class for a static variable: no run is there yet.</summary>
    public static bool IsConstruction(IOperation use, ISymbol inside, bool isStatic) =>
        inside switch
        {
            IMethodSymbol { MethodKind: MethodKind.StaticConstructor } => true,
            IMethodSymbol { MethodKind: MethodKind.Constructor } => !isStatic,
            IMethodSymbol => false,
            _ => true,
        }
        && !Ancestors(use).Any(IsFunction);

    private static bool Assigns(IOperation use) => Parent(use) switch
    {
        IAssignmentOperation assignment => Unwrap(assignment.Target) == use,
        IIncrementOrDecrementOperation => true,
        IArgumentOperation argument => argument.Parameter?.RefKind is RefKind.Ref or RefKind.Out,
        ITupleOperation tuple => Ancestors(tuple).OfType<IDeconstructionAssignmentOperation>()
            .Any(d => d.Target.Syntax.Span.Contains(use.Syntax.Span)),
        IAddressOfOperation => true,
        _ => false,
    };

    /// <summary>Whether this use may change the content. An array changes by assignments to its elements; who gets one is trusted.</summary>
    private static bool MayChange(IOperation use)
    {
        if (use.Parent is IConversionOperation { Type: { } seen } && s_readOnlyTypes.Contains(seen.Name))
        {
            return false;
        }

        return Parent(use) switch
        {
            IInvocationOperation call when call.Instance is { } instance && Unwrap(instance) == use =>
                !s_readingMethods.Contains(call.TargetMethod.Name),
            IConditionalAccessOperation { WhenNotNull: IInvocationOperation call } => !s_readingMethods.Contains(call.TargetMethod.Name),
            IPropertyReferenceOperation or IArrayElementReferenceOperation or IConditionalAccessOperation => ChangesElement(use.Parent!),
            IArgumentOperation or IReturnOperation or IAssignmentOperation or IVariableInitializerOperation or IMethodReferenceOperation =>
                use.Type is not IArrayTypeSymbol,
            _ => false,
        };
    }

    private static bool ChangesElement(IOperation element) =>
        Assigns(element) || ((element.Type is IArrayTypeSymbol || ThreadSafety.RemedyFor(element.Type) is not null) && MayChange(element));

    private static bool IsInLock(IOperation use) => Ancestors(use).TakeWhile(o => !IsFunction(o)).Any(o => o is ILockOperation);

    private static bool IsAtomicArgument(IOperation use) =>
        Parent(use) is IArgumentOperation { Parent: IInvocationOperation call }
        && call.TargetMethod.ContainingType.Name is "Interlocked" or "Volatile" or "LazyInitializer";

    private static bool IsFunction(IOperation operation) => operation is IAnonymousFunctionOperation or ILocalFunctionOperation;

    private static IOperation? Parent(IOperation use) =>
        Ancestors(use).FirstOrDefault(o => o is not IConversionOperation and not IParenthesizedOperation);

    private static IOperation Unwrap(IOperation operation)
    {
        while (operation is IConversionOperation or IParenthesizedOperation)
        {
            operation = operation.ChildOperations.First();
        }

        return operation;
    }

    private static IEnumerable<IOperation> Ancestors(IOperation operation)
    {
        for (IOperation? at = operation.Parent; at is not null; at = at.Parent)
        {
            yield return at;
        }
    }
}
